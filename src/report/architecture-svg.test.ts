import { describe, expect, it, test } from 'vitest'
import { Random } from '../base/random.ts'
import { architectureNames, architectureOf } from '../model/architectures.ts'
import { randomNetwork } from '../model/random-network.testing.ts'
import { placesOf } from './architecture-layout.ts'
import { architectureSvg } from './architecture-svg.ts'

const images = { input: { channels: 3, height: 32, width: 32 }, classes: 10 }
const svgOf = (text: string) => architectureSvg(architectureOf(text, images))

describe('places', () => {
  const placed = (text: string) =>
    placesOf(architectureOf(text, images)).map(({ kind, row, lane }) => `${kind} ${row} ${lane}`)

  it('branches stand beside the first, sums below all', () => {
    expect(placed('relu, (conv 4 1, relu, conv 4 1 + conv 4 1), relu, linear')).toEqual([
      ...['input 0 0', 'relu 1 0', 'convolution 2 0', 'relu 3 0', 'convolution 4 0'],
      ...['convolution 2 1', 'add 5 0', 'relu 6 0', 'linear 7 0'],
    ])
  })

  it('no two layers stand in one place, whatever they read', () => {
    expect(placed('conv 4 1, conv 4 1, conv 4 1, conv 4 1 from input, add 0, linear').slice(4)).toEqual([
      ...['convolution 1 1', 'add 2 1', 'linear 3 1'],
    ])
    for (let seed = 0; seed < 60; seed++) {
      const { architecture } = randomNetwork(new Random(seed, 'places'), { everyKind: true, hiddenLayers: 4 })
      const places = placesOf(architecture)
      expect(new Set(places.map(({ row, lane }) => `${row} ${lane}`)).size).toBe(places.length)
      for (const { row, from } of places) for (const source of from) expect(source.row).toBeLessThan(row)
    }
  })
})

test.each(architectureNames)(
  '%s is drawn: a box for each layer, edges that lead to them, no value that is none',
  (name) => {
    const architecture = architectureOf(name, images)
    const svg = architectureSvg(architecture)
    const drawn = architecture.layers.filter(({ kind }) => kind !== 'flatten')
    expect(svg.match(/class="box /g)).toHaveLength(drawn.length + 1)
    expect(svg.match(/class="edge"/g)).toHaveLength(drawn.length + drawn.filter(({ kind }) => kind === 'add').length)
    expect(svg).not.toMatch(/NaN|undefined|Infinity/)
    expect(svg).toContain('prefers-color-scheme: dark')
  },
)

test('shapes stand beside the edges, once until they change', () => {
  const svg = svgOf('conv 16 4 2 1, relu, average 2, linear 100, relu, linear')
  const shapes = [...svg.matchAll(/class="soft" text-anchor="end">([^<]*)</g)].map(([, shape]) => shape)
  expect(shapes).toEqual(['3×32×32', '16×16×16', '16×8×8', '100', '10'])
})

test('an edge that skips layers goes around them', () => {
  const svg = svgOf('conv 3 3 1 1, relu, (conv 3 3 1 1, relu, conv 3 3 1 1 + identity), relu, linear')
  // from the right of the ReLU to a track beside the boxes, which end at x = 256, and to the right of the sum
  expect(svg).toMatch(/M206 [\d.]+H269V[\d.]+H190"/)
})

test('names are escaped and cut', () => {
  const { input, layers } = architectureOf('linear', images)
  const svg = architectureSvg({ name: `a < b & ${'long '.repeat(20)}`, input, layers })
  expect(svg).toContain('>a &lt; b &amp; long long')
  expect(svg).toContain('…</text>')
})
