/**
 * The optimiser's step on the GPU: clipping, Adam (Kingma & Ba 2015) or SGD with momentum, and the average of weights, as
 * src/training/optimiser.ts and src/training/average.ts define them. If the gradient is not finite, nothing moves.
 */
import { read, update, write } from './kernel.ts'
import { float } from './literals.ts'
import { finiteness } from './numerics.ts'
import type { Plan } from './plan.ts'
import { partsOf, summing } from './reduction.ts'
import type { Values } from './values.ts'

/**
 * Σ g², [1], in a fixed order. It is NaN if a number of the gradient is not finite, and infinite if squares are too large:
 * then the training diverges.
 */
export function gradientNorm(plan: Plan, gradient: Values): Values {
  const squares = plan.values('squares', partsOf(plan, gradient.length))
  const total = plan.values('square of the norm', 1)
  const sumInto = (name: string, from: Values, into: Values, term: string) =>
    plan.run({
      ...{ name, groups: [into.length, 1, 1], ...summing(plan, `${finiteness}\nvar<workgroup> faults: atomic<u32>;`) },
      uses: { numbers: read(from), into: write(into, 'u32') },
      main: `  var sum = 0.0;
  for (var i = group.x * TEAM + lane; i < ${from.length}u; i += ${into.length}u * TEAM) {
    let x = numbers[i];
    if (isFinite(x)) { sum += ${term}; } else { atomicOr(&faults, 1u); }
  }
  let total = sumOf(sum, lane);
  if (lane == 0u) { into[group.x] = select(bitcast<u32>(total), NOT_A_NUMBER, atomicLoad(&faults) > 0u); }`,
    })
  sumInto('squares of the gradient', gradient, squares, 'x * x')
  sumInto('norm', squares, total, 'x')
  return total
}

export interface UpdateOptions {
  readonly optimiser: 'adam' | 'sgd'
  readonly momentum: number
  readonly weightDecay: number
  /** Weight of the L1 penalty. */
  readonly sparsity: number
  /** Largest norm of a gradient, 0 for no limit. */
  readonly gradientClip: number
  /** What older weights keep in the average, 0 for none. */
  readonly averageDecay: number
}

/** What a network's training keeps, all as long as its parameters. Moments are zeros before the first step. */
export interface Trained {
  readonly parameters: Values
  readonly gradient: Values
  readonly first: Values
  readonly second: Values
  readonly average?: Values
  /** Of `gradientNorm`. */
  readonly norm: Values
}

const steps = {
  adam: `  let m = 0.9 * first[i] + 0.1 * g;
  let v = 0.999 * second[i] + 0.001 * g * g;
  first[i] = m;
  second[i] = v;
  let moved = p - step.learningRate / step.firstCorrection * m / (sqrt(v / step.secondCorrection) + 1e-8);`,
  sgd: `  let m = MOMENTUM * first[i] + g;
  first[i] = m;
  let moved = p - step.learningRate * m;`,
} as const

/** Takes a step, in place. The step says the learning rate, how many have been taken, this one included, and Adam's corrections. */
export function updateWeights(plan: Plan, trained: Trained, options: UpdateOptions): void {
  const { parameters, gradient, first, second, average, norm } = trained
  const { optimiser, momentum, weightDecay, sparsity, gradientClip, averageDecay } = options
  const clipped = `let length = sqrt(bitcast<f32>(norm[0]));
  let scale = select(1.0, CLIP / length, length > CLIP);`
  const averaged = `let share = max(1.0 - DECAY, 1.0 / f32(step.taken));
  average[i] += share * (moved - average[i]);`
  const constants = { MOMENTUM: momentum, DECAY: averageDecay, CLIP: gradientClip }
  plan.each(
    optimiser,
    parameters.length,
    {
      ...{ parameters: update(parameters), gradient: read(gradient), norm: read(norm, 'u32'), first: update(first) },
      ...(optimiser === 'adam' && { second: update(second) }),
      ...(average && { average: update(average) }),
    },
    `  if (!isFinite(bitcast<f32>(norm[0]))) { return; }
  let p = parameters[i];
  ${gradientClip > 0 ? clipped : 'let scale = 1.0;'}
  let g = gradient[i] * scale + ${float(weightDecay)} * p + ${float(sparsity)} * sign(p);
${steps[optimiser]}
  parameters[i] = moved;
  ${average ? averaged : ''}`,
    `${finiteness}
${Object.entries(constants)
  .map(([name, value]) => `const ${name}: f32 = ${float(value)};`)
  .join('\n')}`,
  )
}
