import { describe, expect, it } from 'vitest'
import { Random } from '../../base/random.ts'
import { Engine } from './engine.ts'
import {
  collect,
  forEachTap,
  loadLayer,
  randomLayer,
  randomWindows,
  readBlocks,
  weightCount,
} from './oracle.testing.ts'

describe('windows', () => {
  it('are receptive fields: no larger and no smaller, but cut to the image', async () => {
    const engine = await Engine.create()
    const found = collect(
      engine,
      200,
      'window',
      (seed) => new Random(seed, 'fields'),
      (random) => {
        const layer = randomLayer(random)
        const loaded = loadLayer(
          engine,
          layer,
          new Float32Array(weightCount(layer)),
          new Float32Array(layer.output.channels),
        )
        const above = randomWindows(engine, random, layer.output)
        const below = engine.windows.receptive(above, loaded.geometry)
        const [outs, ins] = [readBlocks(engine, above), readBlocks(engine, below)]
        const problems: string[] = []
        let length = 0
        outs.forEach((out, b) => {
          const inside = ins[b]
          const seen = new Set<number>()
          forEachTap(layer, (o, i) => {
            if (out.place(o) >= 0) seen.add(i)
          })
          for (const i of seen) if (inside.place(i) < 0) problems.push(`block ${b} misses neuron ${i}`)
          // every border line of the window is seen by someone, unless the stride leaps over it
          const { kernel, stride } = layer.options
          if (kernel >= stride && inside.neurons.length > seen.size)
            problems.push(`block ${b}: ${inside.neurons.length} for ${seen.size}`)
          if (inside.rows !== out.rows || inside.firstRow !== out.firstRow) problems.push(`block ${b} has other rows`)
          const places = inside.neurons.map((j) => inside.place(j))
          if (inside.rows > 0 && places.some((p, i) => p !== length + i * inside.rows))
            problems.push(`block ${b} lies elsewhere`)
          length += inside.neurons.length * inside.rows
        })
        if (length !== below.length) problems.push(`${below.length} floats instead of ${length}`)
        return problems
      },
    )
    expect(found).toEqual([])
  })

  it('of vectors are whole images of the layer below, where they lie', async () => {
    const engine = await Engine.create()
    const image = { channels: 3, height: 2, width: 4 }
    const vector = { channels: 24, height: 1, width: 1 }
    const blocks = engine.windows.whole(vector, 8)
    const reshaped = engine.windows.reshaped(blocks, image)
    const [asVector, asImage] = [readBlocks(engine, blocks)[0], readBlocks(engine, reshaped)[0]]
    expect(asImage.neurons.map(asImage.place)).toEqual(asVector.neurons.map(asVector.place))
    expect(reshaped.length).toBe(blocks.length)
    expect(engine.windows.reshaped(blocks, vector)).toBe(blocks)
  })
})
