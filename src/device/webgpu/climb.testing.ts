/** Attacks on a network of two layers, on the device and on the CPU. */
import { attackChunk, pgd } from '../../attacks/gradient-attack.ts'
import { Random } from '../../base/random.ts'
import { loadChunk } from '../../bounds/chunk.ts'
import { evaluate } from '../../model/evaluate.ts'
import { type Architecture, parameterLayout } from '../../model/network.ts'
import type { Domain } from '../../region/domain.ts'
import { randomImages, steepNetwork } from '../../training/tiny-networks.testing.ts'
import { LoadedNetwork } from '../loaded-network.ts'
import type { Tape } from '../tape.ts'
import { Engine } from '../wasm/engine.ts'
import { batchOf } from './batch.ts'
import { type Climb, attack } from './climb.ts'
import { Trial, testGpu } from './gpu.testing.ts'
import { read, update, write } from './kernel.ts'
import type { Plan } from './plan.ts'
import type { Values } from './values.ts'

export const inputs = 8
const [hidden, classes] = [24, 5]
const architecture: Architecture = {
  name: 'two layers',
  input: { channels: 2, height: 2, width: 2 },
  layers: [
    { kind: 'normalise', mean: [0.4, 0.5], deviation: [0.5, 0.25] },
    { kind: 'flatten' },
    { kind: 'linear', outFeatures: hidden },
    { kind: 'relu' },
    { kind: 'linear', outFeatures: classes },
  ],
}
const { parameters } = steepNetwork(architecture, 1)
const batch = batchOf(6)
export const { stride } = batch

const network = new LoadedNetwork(await Engine.create(), architecture, false)
network.setParameters(parameters)

/** The two layers, a thread per example. */
function forwardWith(weights: Values): Climb['forward'] {
  const [w1, b1, w2, b2] = parameterLayout(architecture).map(({ offset }) => offset)
  const hiddenText = `fn hidden(j: u32, e: u32) -> f32 {
  var sum = p[${b1}u + j];
  for (var k = 0u; k < ${inputs}u; k++) { sum += p[${w1}u + j * ${inputs}u + k] * x[k * ${stride}u + e]; }
  return max(0.0, sum);
}`
  return (plan: Plan, tape: Tape | undefined, x: Values) => {
    const z = plan.values('logits', classes * stride, tape !== undefined)
    const seen = { p: read(weights), x: read(x) }
    const forward = `for (var c = 0u; c < ${classes}u; c++) {
  var sum = p[${b2}u + c];
  for (var j = 0u; j < ${hidden}u; j++) { sum += p[${w2}u + c * ${hidden}u + j] * hidden(j, i); }
  z[c * ${stride}u + i] = sum;
}`
    plan.each('two layers', stride, { ...seen, z: write(z) }, forward, hiddenText)
    tape?.record(() => {
      const { values: dx } = x.intoGradient()
      const back = `for (var k = 0u; k < ${inputs}u; k++) { dx[k * ${stride}u + i] = 0.0; }
for (var j = 0u; j < ${hidden}u; j++) {
  if (hidden(j, i) <= 0.0) { continue; }
  var dh = 0.0;
  for (var c = 0u; c < ${classes}u; c++) { dh += p[${w2}u + c * ${hidden}u + j] * dz[c * ${stride}u + i]; }
  for (var k = 0u; k < ${inputs}u; k++) { dx[k * ${stride}u + i] += dh * p[${w1}u + j * ${inputs}u + k]; }
}`
      plan.each('back', stride, { ...seen, dz: read(z.gradient!), dx: update(dx) }, back, hiddenText)
    })
    return z
  }
}

const random = new Random(2)
const images = randomImages(architecture.input, 5, random)
/** What the network says, except for the last: margins start on both sides of zero. */
const labels = images.map((image, e) => {
  const logits = [...evaluate({ architecture, parameters }, image)]
  return (logits.indexOf(Math.max(...logits)) + (e === 4 ? 1 : 0)) % classes
})

/** What the device finds around the images, and what goes into that. */
export async function found(
  options: Partial<Climb> & { readonly domain: Domain; readonly seed?: number; readonly epsilon?: number },
) {
  const trial = new Trial(await testGpu())
  const { normalisation } = network
  const chunk = loadChunk(
    network,
    { images, labels },
    { epsilon: options.epsilon ?? 0.1, norm: options.norm ?? 'linf', domain: 'unbounded' },
  )
  const ball = [chunk.ball.centre.read(), chunk.ball.radius.read()]
  const box = Float32Array.from(ball.flatMap((values) => [...values]))
  const [identifiers, targets] = [
    Uint32Array.from({ length: stride }, (_, e) => 100 + e),
    Uint32Array.from({ length: stride }, (_, e) => labels[e] ?? 0),
  ]
  const worst = attack(trial.plan, {
    ...{ box: trial.input(box), identifiers: trial.input(identifiers), labels: trial.input(targets) },
    ...{
      norm: 'linf',
      normalisation,
      shape: architecture.input,
      batch,
      classes,
      steps: 5,
      stepSize: 0.3,
      randomStart: false,
    },
    forward: forwardWith(trial.input(parameters)),
    ...options,
  })
  const dispatches = trial.plan.dispatches.length
  const [points] = await trial.run([worst], { attackSeed: options.seed ?? 7, count: 5 })
  return { points, chunk, box, dispatches }
}

/** The part of the ball in the domain, of one input of one example. */
export function ends(box: Float32Array, i: number, domain: Domain): [number, number] {
  const { mean, deviation } = network.normalisation[Math.floor(i / 4 / stride)]
  const [centre, radius] = [box[i], box[i + inputs * stride]]
  if (domain === 'unbounded') return [centre - radius, centre + radius]
  return [Math.max(-mean / deviation, centre - radius), Math.min((1 - mean) / deviation, centre + radius)]
}

export const real = (values: ArrayLike<number>) => Array.from(values).filter((_, i) => i % stride < 5)

/** What the CPU finds in the same balls, from their centres. */
export function foundOnCpu(chunk: Parameters<typeof attackChunk>[1], domain: Domain): Float32Array {
  const options = { ...pgd(domain), steps: 5, stepSize: 0.3, randomStart: false }
  return attackChunk(network, chunk, options, [0, 1, 2, 3, 4]).read()
}
