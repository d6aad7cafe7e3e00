import { expect, test } from 'vitest'
import { barChart } from './bar-chart.ts'

const columns = [
  { title: 'LP < exact', format: (value: number) => `${100 * value} %` },
  { title: 'clean', format: String },
]
const series = [
  { label: 'paper', colour: 'blue', faded: true },
  { label: 'ours', colour: 'orange' },
] as const
const rows = [
  { label: 'mnist & more', values: [[0.5, 0.25] as const, [4, null] as const] },
  { label: 'cifar10', values: [[null, 1] as const, [0, 2] as const] },
]

test('draws a bar with its figure for every value, in lengths that are in proportion within a column', () => {
  const svg = barChart('a & b', columns, series, rows)
  const lengths = (colour: string) =>
    [
      ...svg.matchAll(new RegExp(`<rect class="${colour}" x="[^"]+" y="[^"]+" width="([\\d.]+)" height="12" rx`, 'g')),
    ].map((match) => Number(match[1]))
  const [sample, half, four, none] = lengths('blue faded')
  const [otherSample, quarter, whole, two] = lengths('orange')
  expect([sample, otherSample, none]).toEqual([14, 14, 0])
  expect(half! / whole!).toBeCloseTo(0.5, 2)
  expect(quarter! / whole!).toBeCloseTo(0.25, 2)
  expect(two! / four!).toBeCloseTo(0.5, 2)
  for (const text of ['50 %', '25 %', '100 %', 'mnist &amp; more', 'LP &lt; exact', 'a &amp; b', 'paper', 'ours'])
    expect(svg).toContain(`>${text}<`)
  expect(svg).toContain('prefers-color-scheme: dark')
})

test.each([
  ['no rows', []],
  ['a row without values', [{ label: 'nothing', values: [[null, null] as const, [null, null] as const] }]],
])('makes a picture of %s', (_name, some) => {
  expect(barChart('title', columns, series, some)).not.toMatch(/NaN|undefined|Infinity/)
})
