import { describe, expect, it } from 'vitest'
import { Engine } from './engine.ts'
import { loadLayer, normals, weightCount } from './oracle.testing.ts'
import { Random } from '../../base/random.ts'
import { Tape } from '../tape.ts'

// first, since others leave gigabytes to be collected
it('is freed with its memory once nobody holds it: a hundred in a row take no more than a few', async () => {
  const external = [process.memoryUsage().external]
  for (let i = 0; i < 100; i++) {
    const engine = await Engine.create()
    engine.tensor(2 ** 22)
    external.push(process.memoryUsage().external)
  }
  // each takes 16 MB and more
  const growth = external.slice(1).map((bytes, i) => bytes - external[i])
  expect(Math.max(...growth)).toBeGreaterThanOrEqual(2 ** 24)
  expect(Math.max(...external) - Math.min(...external)).toBeLessThan(40 * 2 ** 24)
})

describe('the memory of an engine', () => {
  it('grows in the middle of a computation without changing it', async () => {
    const compute = async (grown: boolean) => {
      const engine = await Engine.create()
      if (grown) engine.release((engine.allocate(2 ** 26), engine.mark() - 2 ** 26))
      const before = engine.f32.buffer.byteLength
      const random = new Random(3, 'growth')
      let x = engine.tensorFrom(normals(random, 8 * 81 * 16))
      const first = x
      const tape = new Tape()
      const layer = {
        input: { channels: 8, height: 9, width: 9 },
        output: { channels: 8, height: 9, width: 9 },
        options: { kernel: 3, stride: 1, padding: 1, groups: 1 },
      }
      const loaded = loadLayer(
        engine,
        layer,
        normals(random, weightCount(layer)).map((v) => v / 8),
        normals(random, 8),
      )
      const { geometry, weight, bias } = loaded
      for (let i = 0; i < 40; i++) {
        const product = { geometry, weight, input: x, toInput: true, toWeight: true }
        x = engine.layers.affine(tape, [product], 16, bias)
      }
      x.gradient.view().fill(1)
      tape.backward()
      const results = [x.read(), first.gradient.read(), weight.gradient.read()]
      return { results, grew: engine.f32.buffer.byteLength > before, peakBytes: engine.peakBytes }
    }
    const [small, large] = [await compute(false), await compute(true)]
    expect(small.grew).toBe(true)
    expect(large.grew).toBe(false)
    expect(small.results).toEqual(large.results)
    expect(small.results.every((values) => values.every(Number.isFinite) && values.some((v) => v !== 0))).toBe(true)
    expect(small.peakBytes).toBeLessThan(large.peakBytes)
  })

  it('says so when memory runs out, and what is there stays usable', async () => {
    const engine = await Engine.create({ memoryLimit: 4 * 2 ** 20 })
    const values = engine.floatsFrom([1, 2, 3, 4])
    const mark = engine.mark()
    expect(() => engine.allocate(8 * 2 ** 20)).toThrow(
      expect.objectContaining({
        name: 'UserError',
        message: expect.stringMatching(/^out of memory: the engine needs 9 MB: .+$/),
      }),
    )
    expect(() => {
      for (;;) engine.allocate(2 ** 16)
    }).toThrow(expect.objectContaining({ name: 'UserError' }))
    expect(engine.mark()).toBeLessThanOrEqual(4 * 2 ** 20)
    expect(engine.f32.buffer.byteLength).toBeLessThanOrEqual(4 * 2 ** 20)
    engine.release(mark)
    expect([...engine.read(values, 4)]).toEqual([1, 2, 3, 4])
    expect(engine.allocate(2 ** 20)).toBe(mark)
  })

  it('refuses one allocation of 2 GiB and more instead of wrapping around', async () => {
    const engine = await Engine.create({ memoryLimit: 4 * 2 ** 20 })
    for (const bytes of [2 ** 31 - 8, 2 ** 31, 2 ** 32, 2 ** 33]) {
      const mark = engine.mark()
      expect(() => engine.allocate(bytes)).toThrow(expect.objectContaining({ name: 'UserError' }))
      expect(engine.mark()).toBe(mark)
    }
  })

  it('can be used as far as it goes: above 2 GiB a pointer works or is refused', async () => {
    const engine = await Engine.create()
    const use = () => {
      engine.allocate(2 ** 30)
      engine.allocate(2 ** 30)
      return [...engine.read(engine.floatsFrom([1, 2, 3]), 3), ...engine.read(engine.zeros(2), 2)]
    }
    let result: unknown
    try {
      result = use()
    } catch (error) {
      result = (error as Error).name
    }
    expect([[1, 2, 3, 0, 0], 'UserError']).toContainEqual(result)
  })

  it('gives 16-byte aligned pieces that do not overlap', async () => {
    const engine = await Engine.create()
    const sizes = [1, 4, 15, 16, 17, 0, 100, 64]
    const pointers = sizes.map((size) => engine.allocate(size))
    expect(pointers.filter((p) => p % 16 !== 0 || p < 1024)).toEqual([])
    expect(pointers.filter((p, i) => i > 0 && p < pointers[i - 1] + sizes[i - 1])).toEqual([])
    engine.f32.fill(NaN)
    expect([...engine.read(engine.zeros(5), 5)]).toEqual([0, 0, 0, 0, 0])
  })
})
