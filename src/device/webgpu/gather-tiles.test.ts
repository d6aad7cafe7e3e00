import { expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { inputsOf, outputsOf, weightsOf } from './extents.ts'
import { gather } from './gather.ts'
import { type Gather, factorsOf, finishOf, together } from './gather-text.ts'
import { gatherTiles } from './gather-tiles.ts'
import { testGpu, Trial } from './gpu.testing.ts'
import { randomFloats } from './products.testing.ts'

test('blocks of 8 × 8, over several tiles, give the same bits as one result per thread', async () => {
  const tile = { channels: 32, rows: 128, channelsOfThread: 8, rowsOfThread: 8, depth: 8 }
  const places = { inHeight: 3, inWidth: 2, outHeight: 2, outWidth: 1, kernel: 3, stride: 2, padding: 1, groups: 1 }
  const extents = { ...places, inChannels: 20, outChannels: 36 }
  const rows = 148
  const random = new Random(1, 'blocks')
  const trial = new Trial(await testGpu())
  const { plan } = trial
  const weight = trial.input(randomFloats(random, weightsOf(extents)))
  const input = trial.input(randomFloats(random, inputsOf(extents) * rows))
  const workInto = (): Gather => ({
    ...{ name: 'affine', direction: 'forward', terms: [{ extents, weight, input }], rows, halves: 1, relu: false },
    into: { values: plan.values('result', outputsOf(extents) * rows), accumulate: false },
  })
  const [expected, tiled] = [workInto(), workInto()]
  gather(plan, expected)
  plan.run(gatherTiles(tiled, { tile, parts: 1 }, together(factorsOf(tiled), finishOf(tiled))))
  const [a, b] = await trial.run([expected.into.values, tiled.into.values])
  expect(b).toEqual(a)
  expect(new Set(a).size).toBeGreaterThan(a.length / 2)
})
