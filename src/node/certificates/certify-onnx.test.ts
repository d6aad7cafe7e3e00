/** The ladder on a network that is no sequence of layers, from its file to its rows. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { examples } from '../../attacks/inputs.ts'
import { judge } from '../../attacks/recheck.ts'
import type { Dataset } from '../../data/dataset.ts'
import { Random } from '../../base/random.ts'
import { UserError } from '../../base/errors.ts'
import { FLOAT, encodeModel } from '../../formats/onnx/schema.ts'
import { largestIndex } from '../../model/evaluate.ts'
import { evaluateGraph } from '../../model/graph.ts'
import { type CertifyFileOptions, certifyToFile } from './certify-to-file.ts'
import { comparable, dataset as images, linesOf, temporaryFiles } from './certificates.testing.ts'
import { isGraph } from '../../ladder/plan.ts'
import { type Target, readNetworkFile, targetOfFile } from './target-file.ts'

const { folder, newFile, optionsOf } = temporaryFiles()
const path = join(folder, 'residual.onnx')
const grey = { mean: [0.4], deviation: [0.5] }
const optionsFor = (options: Partial<CertifyFileOptions>) =>
  optionsOf({
    epsilon: 0.03,
    last: 24,
    workers: 2,
    steps: ['clean', 'pgd', 'crown', 'alpha', 'complete'],
    ...options,
  })

let target: Target
let dataset: Dataset
/** Logits by hand. */
let logits: (image: ArrayLike<number>) => Float64Array

beforeAll(async () => {
  writeFileSync(path, residual())
  const found = targetOfFile(await readNetworkFile(path), images, grey)
  if (!isGraph(found.network)) throw new Error('the network should be no sequence of layers')
  target = found
  const { graph } = await readNetworkFile(path)
  const normalised = (image: ArrayLike<number>) => Float64Array.from(image, (p) => (p - 0.4) / 0.5)
  logits = (image) => evaluateGraph(graph, normalised(image)).at(-1)!
  const all = Array.from({ length: images.count }, (_, i) => i)
  const labels = new Uint8Array(new SharedArrayBuffer(images.count))
  labels.set(images.labels)
  examples(images, all).images.forEach((image, i) => i % 8 > 0 && (labels[i] = largestIndex(logits(image))))
  dataset = { ...images, labels }
})

/** Flatten → x → Gemm → Relu → + x → Gemm. */
function residual(): Uint8Array {
  const random = new Random(3, 'residual')
  const tensor = (name: string, ...dims: number[]) => ({
    name,
    dims,
    dataType: FLOAT,
    floatData: Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => 0.25 * random.normal()),
  })
  const value = (name: string, ...sizes: number[]) => ({
    name,
    type: { tensorType: { elemType: FLOAT, shape: { dim: sizes.map((dimValue) => ({ dimValue })) } } },
  })
  return encodeModel({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 13 }],
    graph: {
      name: 'residual',
      node: [
        { name: 'flat', opType: 'Flatten', input: ['input'], output: ['x'] },
        { name: 'inner', opType: 'Gemm', input: ['x', 'w', 'b'], output: ['z'] },
        { name: 'relu', opType: 'Relu', input: ['z'], output: ['h'] },
        { name: 'sum', opType: 'Add', input: ['h', 'x'], output: ['s'] },
        { name: 'outer', opType: 'Gemm', input: ['s', 'v', 'a'], output: ['output'] },
      ],
      initializer: [tensor('w', 36, 36), tensor('b', 36), tensor('v', 36, 4), tensor('a', 4)],
      input: [value('input', 1, 1, 6, 6)],
      output: [value('output', 1, 4)],
    },
  })
}

test.each(['pixels', 'unbounded'] as const)(
  'every image is decided, as points of the domain confirm: %s',
  async (domain) => {
    const options = optionsFor({ domain, pgd: { steps: 3 } })
    const summary = await certifyToFile(target, dataset, options)
    const [header, ...rows] = linesOf(options.out)
    expect(header).toMatchObject({ network: { name: 'residual' }, domain, attack: { steps: 3, restarts: 1, seed: 0 } })
    expect(rows).toHaveLength(24)
    expect(Math.min(summary.robust, summary.vulnerable)).toBeGreaterThan(3)
    const errors = [summary.crown!, summary.alpha!, summary.complete!].map((count) => count.errors)
    expect(errors).toEqual(errors.toSorted((a, b) => b - a))
    expect(summary.complete!.errors).toBeGreaterThanOrEqual(summary.pgd!.errors)
    expect(summary.undecided).toBe(0)
    const random = new Random(1, 'points')
    for (const { index, label, result } of rows) {
      const image = examples(dataset, [index]).images[0]
      if (result.verdict === 'vulnerable' && result.point) {
        expect(judge(logits(result.point), label).margin).toBeCloseTo(result.margin!, 9)
        expect(result.point.every((value, j) => Math.abs(value - image[j]) <= 0.03)).toBe(true)
      }
      for (let sample = 0; result.verdict === 'robust' && sample < 50; sample++) {
        const point = image.map((pixel) => pixel + 0.03 * (random.integer(2) ? 1 : -1))
        const inside = domain === 'pixels' ? point.map((value) => Math.min(1, Math.max(0, value))) : point
        expect(judge(logits(inside), label).margin).toBeGreaterThan(result.margin - 1e-6)
      }
    }
  },
)

test('workers do not matter; another normalisation is another run; so is a file that has changed', async () => {
  const [one, two] = [optionsFor({ workers: 1 }), optionsFor({ workers: 2 })]
  await certifyToFile(target, dataset, one)
  await certifyToFile(target, dataset, two)
  expect(comparable(two.out)).toEqual(comparable(one.out))
  const other = targetOfFile(await readNetworkFile(path), images, { mean: [0.4], deviation: [0.25] })
  await expect(certifyToFile(other, dataset, { ...one, resume: true })).rejects.toThrow(/of another run \(network is/)
  // what was read is certified, even if the file changes later
  appendFileSync(path, Buffer.from([0x18, 0x00]))
  const changed = targetOfFile(await readNetworkFile(path), images, grey)
  await expect(certifyToFile(changed, dataset, { ...one, resume: true })).rejects.toThrow(/of another run \(network is/)
  await certifyToFile(target, dataset, { ...one, resume: true })
  writeFileSync(path, residual())
})

test('what only the engine can do is refused before a file is made', async () => {
  const refuse = async (over: Partial<CertifyFileOptions>, message: RegExp) => {
    const run = certifyToFile(target, dataset, optionsFor({ out: newFile(), ...over }))
    await expect(run).rejects.toThrow(UserError)
    await expect(run).rejects.toThrow(message)
  }
  await refuse(
    { steps: ['interval', 'lp', 'crown'] },
    /interval and lp bounds are for networks of robustra's own layers with 32-bit floats only/,
  )
  await refuse({ pgd: { stepSize: 0.1 } }, /PGD chooses its own step sizes/)
  await refuse({ pgd: { randomStart: false } }, /PGD chooses its own step sizes and starts/)
  await refuse({ epsilon: 2 }, /ε/)
})
