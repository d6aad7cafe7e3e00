import { test } from 'vitest'
import { Random } from '../../base/random.ts'
import { weightsOf } from './extents.ts'
import { testGpu, Trial } from './gpu.testing.ts'
import { write } from './kernel.ts'
import * as exact from './products.testing.ts'
import { wgslOf } from './weight-gradient-text.ts'
import { weightTiles } from './weight-tiles.ts'

test('blocks of 8 × 8, in two parts over several tiles', async () => {
  const tile = { channels: 32, rows: 64, channelsOfThread: 8, rowsOfThread: 8, depth: 16 }
  const places = { inHeight: 3, inWidth: 2, outHeight: 2, outWidth: 1, kernel: 3, stride: 2, padding: 1, groups: 1 }
  const extents = { ...places, inChannels: 5, outChannels: 72 }
  const rows = 20
  const random = new Random(1, 'blocks')
  const { inputs, outputs } = exact.sizes(extents)
  const [x, y] = [inputs, outputs].map((length) => exact.randomFloats(random, length * rows))
  const trial = new Trial(await testGpu())
  const { plan } = trial
  const weight = plan.kept('weight', weightsOf(extents))
  const work = {
    name: 'layer',
    extents,
    weight,
    outputs: trial.input(y),
    inputs: trial.input(x),
    rows,
    halves: 1,
  } as const
  const parts = plan.values('parts', 2 * weight.length)
  const text = wgslOf(work, { columns: 45, depth: 10, parts: 2 })
  const store = `fn finishPart(half: u32, part: u32, group: u32, column: u32, m: u32, sum: vec4f) {
  parts[(part * 45u + column) * 18u + m / 4u] = sum;
}`
  const uses = { ...text.uses, parts: write(parts, 'vec4f') }
  plan.run(weightTiles({ ...text, uses, declarations: `${text.declarations}\n${store}` }, tile))
  const [found] = await trial.run([parts])
  exact
    .addWeights({ extents, rows }, { y, x }, new exact.Sums(weight.length))
    .expect(found.subarray(0, weight.length).map((value, i) => value + found[weight.length + i]))
})
