import { describe, expect, test } from 'vitest'
import { Trial, testGpu } from './gpu.testing.ts'
import { read, write } from './kernel.ts'
import { cauchyOf, philox, randomFunctions, streamOf, uniformOf } from './random.ts'

const hex = (words: Iterable<number>) => [...words].map((word) => word.toString(16).padStart(8, '0')).join(' ')
const all = 0xffffffff

/** From the authors' own vectors (Random123, kat_vectors). */
const known = [
  [[0, 0], [0, 0, 0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
  [[all, all], [all, all, all, all], '408f276d 41c83b0e a20bc7c6 6d5451fd'],
  [[0xa4093822, 0x299f31d0], [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], 'd16cfe09 94fdcceb 5001e420 24126ea1'],
] as const

/** What the device makes of keys and counters, [place][key, counter]: bits, uniform and Cauchy numbers. */
async function onDevice(places: readonly (readonly number[])[]) {
  const trial = new Trial(await testGpu())
  const { plan } = trial
  const keys = trial.input(Uint32Array.from(places.flatMap((place) => place.slice(0, 2))))
  const counters = trial.input(Uint32Array.from(places.flatMap((place) => place.slice(2))))
  const [bits, uniform, cauchy] = ['bits', 'uniform', 'cauchy'].map((name) => plan.values(name, 4 * places.length))
  plan.each(
    'random numbers',
    places.length,
    {
      keys: read(keys, 'u32'),
      counters: read(counters, 'vec4u'),
      bits: write(bits, 'vec4u'),
      uniforms: write(uniform, 'vec4f'),
      cauchys: write(cauchy, 'vec4f'),
    },
    `bits[i] = philox(vec2u(keys[2u * i], keys[2u * i + 1u]), counters[i]);
     uniforms[i] = shareOf(bits[i]);
     cauchys[i] = cauchy(bits[i]);`,
    randomFunctions,
  )
  const [words, uniforms, cauchys] = await trial.run([bits, uniform, cauchy])
  return { bits: new Uint32Array(words.buffer), uniforms, cauchys }
}

test('Philox gives the words that its authors publish', () => {
  for (const [key, counter, expected] of known) expect(hex(philox(key, counter))).toBe(expected)
})

describe('on the device', () => {
  // places as they are used, then any at all
  const places = Array.from({ length: 3000 }, (_, i) =>
    i < 2000
      ? [7, streamOf('projection', 3), i >> 4, i & 15, 59_999, 0]
      : [...philox([1, 2], [i, 0, 0, 0]), ...philox([1, 2], [i, 1, 0, 0])].slice(0, 6),
  )
  const found = onDevice([...known.map(([key, counter]) => [...key, ...counter]), ...places])

  test('Philox gives the same bits', async () => {
    const { bits } = await found
    expect(known.map((_, i) => hex(bits.subarray(4 * i, 4 * i + 4)))).toEqual(known.map(([, , words]) => words))
    const here = places.flatMap(([a, b, c, d, e, f]) => [...philox([a, b], [c, d, e, f])])
    expect([...bits.subarray(4 * known.length)]).toEqual(here)
  })

  test('uniform numbers are the same, and lie in [0, 1)', async () => {
    const { bits, uniforms } = await found
    expect([...uniforms]).toEqual([...bits].map(uniformOf))
    expect(uniformOf(0xffffffff)).toBeLessThan(1)
    const mean = uniforms.reduce((a, b) => a + b) / uniforms.length
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / uniforms.length))
  })

  test('Cauchy numbers are right to 1e-6 and have the quartiles of the distribution', async () => {
    const { bits, cauchys } = await found
    const errors = Array.from(bits, (word, i) => Math.abs(cauchys[i] / cauchyOf(word) - 1))
    expect(Math.max(...errors)).toBeLessThan(1e-6)
    const share = (end: number) => cauchys.filter((value) => value < end).length / cauchys.length
    const deviation = 0.5 / Math.sqrt(cauchys.length)
    // F(x) = ½ + atan(x)/π
    for (const x of [-10, -1, 0, 1, 10]) {
      expect(Math.abs(share(x) - (0.5 + Math.atan(x) / Math.PI))).toBeLessThan(4 * deviation)
    }
  })
})

test('Cauchy numbers are finite at the ends', () => {
  expect(cauchyOf(0)).toBeLessThan(-2e9)
  expect(cauchyOf(0xffffffff)).toBeCloseTo(-cauchyOf(0), -4)
  expect([0, 0x7fffffff, 0x80000000, 0xffffffff].map(cauchyOf).every(Number.isFinite)).toBe(true)
})
