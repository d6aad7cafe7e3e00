import { expect, test } from 'vitest'
import type { EpochReport } from '../training/epoch-report.ts'
import { curvesSvg } from './curves.ts'

const report = (epoch: number, network: string, certifiedError: number): EpochReport => ({
  ...{
    epoch,
    network,
    certifiedError,
    loss: 1,
    trainingError: 0.1,
    cleanError: certifiedError / 2,
    attackError: certifiedError,
    epsilon: 0.05 * epoch,
  },
  ...{ method: 'robustra', learningRate: 0.001, unstable: 0.1, seconds: 1, elapsed: 1 },
})

test('draws clean and certified error of both networks, with labels at their ends', () => {
  const svg = curvesSvg(
    [report(1, 'f', 1), report(1, 'g', 0.9), report(2, 'f', 0.3), report(2, 'g', 0.25)],
    'a < b & c',
  )
  expect(svg.match(/<path class="curve [fge]/g)).toHaveLength(7)
  for (const label of ['f certified 30 %', 'g clean 12.5 %', 'ε 0.1', 'a &lt; b &amp; c']) expect(svg).toContain(label)
  expect(svg).not.toMatch(/NaN|undefined|Infinity/)
  expect(svg).toContain('prefers-color-scheme: dark')
})

test('a curve with an epoch that a GPU has estimated does not say that it is certified', () => {
  const estimated = { ...report(1, 'f', 0.4), certifiedError: null, estimatedError: 0.4 }
  const svg = curvesSvg([estimated, report(2, 'f', 0.3)], 'both')
  expect(svg).toContain('f estimated 30 %')
  expect(svg).toContain('estimated error (GPU)')
  expect(svg).not.toMatch(/certified (error|\d)/)
})

test('labels that would overlap are moved apart', () => {
  const svg = curvesSvg([report(1, 'f', 0), report(1, 'g', 0)], 'same')
  const heights = [...svg.matchAll(/y="([\d.]+)" class="[fg]"/g)]
    .map((match) => Number(match[1]))
    .toSorted((a, b) => a - b)
  expect(heights).toHaveLength(4)
  for (let i = 1; i < heights.length; i++) expect(heights[i] - heights[i - 1]).toBeGreaterThan(15)
})

test.each([
  ['no epoch', []],
  ['one epoch', [report(1, 'f', 0.5)]],
  [
    'no validation images',
    [
      { ...report(1, 'f', NaN), cleanError: NaN },
      { ...report(2, 'f', NaN), cleanError: NaN },
    ],
  ],
  ['a hundred epochs', Array.from({ length: 100 }, (_, i) => report(i + 1, 'f', 1 / (i + 1)))],
  ['ε 0', [{ ...report(1, 'f', 0.5), epsilon: 0 }]],
])('makes a picture of %s', (_name, reports) => {
  expect(curvesSvg(reports, 'title')).not.toMatch(/NaN|undefined|Infinity/)
})
