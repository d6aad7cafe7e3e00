import { expect, test } from 'vitest'
import { niceTicks } from './chart.ts'
import { areaChart, lineChart } from './line-chart.ts'

const format = (value: number) => `${value}!`
const values = (...numbers: (number | null)[]) => numbers.map((value, i) => ({ epoch: i + 1, value }))

test.each([
  [0, 1],
  [0, 0.37],
  [-9.1, 0.8],
  [-3, 0],
  [0, 0],
  [0, 1054],
  [0, 3e-7],
])('ticks from %d to %d are round, rise evenly and enclose both', (least, most) => {
  const ticks = niceTicks(least, most)
  expect(ticks[0]).toBeLessThanOrEqual(least)
  expect(ticks.at(-1)).toBeGreaterThanOrEqual(most)
  expect(ticks.length).toBeGreaterThanOrEqual(2)
  expect(ticks.length).toBeLessThanOrEqual(8)
  const step = ticks[1] - ticks[0]
  ticks.slice(1).forEach((tick, i) => expect(tick - ticks[i]).toBeCloseTo(step, 9))
  expect(ticks).toContain(0)
})

test('a line per series with its last value at the end, higher values higher up', () => {
  const svg = lineChart({
    title: 'Loss <1>',
    format,
    series: [
      { name: 'f', classes: 's0', values: values(4, 3, 1) },
      { name: 'g', classes: 's1 dashed', values: values(2, null, 2) },
    ],
  })!.text
  expect(svg.match(/class="curve /g)).toHaveLength(2)
  expect(svg).toContain('class="curve s1 dashed"')
  expect(svg).toContain('>f 1!<')
  expect(svg).toContain('aria-label="Loss &lt;1&gt; over 3 epochs; at the end: f 1!; g 2!"')
  const [f, g] = [...svg.matchAll(/class="curve [^"]*" d="([^"]*)"/g)].map(([, path]) =>
    path!
      .slice(1)
      .split('L')
      .map((point) => point.split(' ').map(Number)),
  ) as [number[][], number[][]]
  expect(f.map(([x]) => x)).toEqual(f.map(([x]) => x).toSorted((a, b) => a! - b!))
  expect(f[0][1]).toBeLessThan(f[2][1])
  expect(g).toHaveLength(2)
  expect(g[0]).toEqual([f[0][0], g[1][1]])
})

test.each([
  ['nothing', []],
  ['nulls', values(null, null)],
])('no chart of %s', (_name, own) => {
  expect(lineChart({ title: 't', format, series: [{ name: 'f', classes: 's0', values: own }] })).toBeUndefined()
  expect(areaChart({ title: 't', parts: [], epochs: [] })).toBeUndefined()
})

test.each([[values(0)], [values(-1)], [values(NaN, 5)], [values(1e9, 1e-9)]])('odd values are drawn: %j', (own) => {
  const svg = lineChart({ title: 't', format, series: [{ name: 'f', classes: 's0', values: own }] })!.text
  expect(svg).not.toMatch(/NaN|undefined|Infinity/)
})

test('areas are stacked from 0 to the whole, also those of a single epoch', () => {
  const parts = [
    { name: 'a', fill: 'one' },
    { name: 'b', fill: 'two' },
  ]
  const svg = areaChart({ title: 't', parts, epochs: [{ epoch: 1, shares: [0.25, 0.75] }] })!.text
  const heights = [...svg.matchAll(/<path class="(?:one|two)" d="M([^Z]*)Z"/g)].map(([, path]) => [
    ...new Set(path!.split('L').map((point) => Number(point.split(' ')[1]))),
  ])
  const [[middle, bottom], [top, start]] = heights as [[number, number], [number, number]]
  expect(start).toBe(middle)
  expect((bottom - middle) / (bottom - top)).toBeCloseTo(0.25, 2)
  expect(svg).toContain('a 25 %; b 75 %')
})

test('labels stand in one column, and a thin line leads from a curve that ends early to its label', () => {
  const series = [
    { name: 'long', classes: 's0', values: values(5, 4, 3, 2, 1) },
    { name: 'short', classes: 's1', values: values(5, 3) },
  ]
  const svg = lineChart({ title: 't', format, series })!.text
  const labels = [...svg.matchAll(/<text x="([\d.]+)"[^>]*class="s\d">(\w+) [^<]*</g)].map(([, x, name]) => [name, x])
  expect(labels.map(([name]) => name).toSorted()).toEqual(['long', 'short'])
  expect(labels[0]![1]).toBe(labels[1]![1])
  expect(svg.match(/<path class="grid" d="M[\d.]+ [\d.]+L/g)).toHaveLength(1)
})
