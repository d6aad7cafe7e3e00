import { expect, test } from 'vitest'
import { type Panel, epochChart } from './epoch-chart.ts'

const t: Panel = {
  title: 'selected t',
  unit: 'number',
  series: [{ label: 'f', colour: 'blue', values: [-20, null, -3] }],
}
const shares: Panel = {
  title: 'loose < tight',
  unit: 'share',
  series: [
    { label: 'f', colour: 'blue', values: [1, 0.5, 0.25] },
    { label: 'g', colour: 'orange', dotted: true, values: [1, 0.5, 0.125] },
  ],
}

test('draws a curve for each series, with its last value at the end, in both schemes', () => {
  const svg = epochChart('a & b', [t, shares])
  expect(svg.match(/<path class="curve /g)).toHaveLength(3)
  for (const label of ['f −3.00', 'f 25 %', 'g 12.5 %', 'a &amp; b', 'loose &lt; tight', '−20'])
    expect(svg).toContain(label)
  expect(svg).toContain('prefers-color-scheme: dark')
  expect(svg).not.toMatch(/NaN|undefined|Infinity/)
})

test('larger values are higher, and later epochs further to the right', () => {
  const svg = epochChart('heights', [shares])
  const [points] = [...svg.matchAll(/class="curve blue" d="([^"]*)"/g)].map(([, path]) =>
    [...path!.matchAll(/([\d.]+) ([\d.]+)/g)].map((match) => [Number(match[1]), Number(match[2])] as const),
  )
  expect(points).toHaveLength(3)
  expect(points!.map(([x]) => x)).toEqual(points!.map(([x]) => x).toSorted((a, b) => a - b))
  expect(points!.map(([, y]) => y)).toEqual(points!.map(([, y]) => y).toSorted((a, b) => a - b))
})

test.each([
  ['nothing', []],
  ['no values', [{ ...t, series: [{ label: 'f', colour: 'green' as const, values: [] }] }]],
  ['a single epoch', [{ ...shares, series: [{ label: 'f', colour: 'blue' as const, values: [0] }] }]],
  ['a constant', [{ ...t, series: [{ label: 'f', colour: 'blue' as const, values: [0, 0] }] }]],
])('makes a picture of %s', (_name, panels) => {
  expect(epochChart('title', panels)).not.toMatch(/NaN|undefined|Infinity/)
})
