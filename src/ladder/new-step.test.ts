/** A step that this file makes up is in rows, summaries, help and reports as soon as it is in the list of steps. */
import { Command } from 'commander'
import { beforeAll, expect, test, vi } from 'vitest'
import { smallCase } from '../attacks/random-dataset.testing.ts'
import { examples } from '../attacks/inputs.ts'
import { judge } from '../attacks/recheck.ts'
import { certifyCommand } from '../cli/certify.ts'
import { evaluate } from '../model/evaluate.ts'
import { ladderSection } from '../report/ladder.ts'
import { style } from '../report/style.ts'
import { tableRows, tableSection } from '../report/table.ts'
import { certify } from './certify.ts'
import { rowsOf } from './rows.testing.ts'
import { type CertifyRow, rowSchema } from './rows.ts'
import type { CertifyHeader } from './header.ts'
import { summaryOf } from './run-summary.ts'
import type { LayersStep } from './step.ts'
import type { StepName } from './steps/index.ts'

const { point, name } = vi.hoisted(() => {
  /** A ball without a radius is the image alone: its own margin, less than float64 rounds, is proved. */
  const point = {
    name: 'point',
    title: 'the only point',
    help: 'a proof where ε is 0',
    meaning: 'not proved up to the only point',
    source: 'this test',
    error: 'at most',
    verdicts: ['robust', 'vulnerable', 'open'],
    report: {
      robust: { light: '#123456', dark: '#abcdef' },
      column: { title: 'point', note: 'Point: not proved where ε is 0.' },
    },
    works: 'batch',
    networks: 'layers',
    run: ({ network, dataset }, indices, { ball }) =>
      indices.map((index) => {
        const { images, labels } = examples(dataset, [index])
        const margin = ball.epsilon > 0 ? NaN : judge(evaluate(network, images[0]!), labels[0]!).margin - 1e-9
        const isProved = margin > 0
        const value = {
          verdict: isProved ? 'robust' : 'open',
          margin,
          settled: isProved ? 'robust' : undefined,
        } as const
        return { value, seconds: 0 }
      }),
  } satisfies LayersStep
  return { point, name: 'point' as StepName }
})
vi.mock(import('./steps/index.ts'), async (original) => {
  const { steps } = await original()
  const longer = [...steps.slice(0, 2), point, ...steps.slice(2)]
  return { steps: longer, stepNames: longer.map((step) => step.name) } as never
})

const { network, dataset } = smallCase()
let rows: CertifyRow[]
beforeAll(async () => {
  rows = await rowsOf(certify(network, dataset, { epsilon: 0, steps: [name, 'lp'] }))
})

const header: CertifyHeader = {
  ...{ format: 'robustra certificates', version: 2, epsilon: 0, norm: 'linf', domain: 'pixels' },
  ...{ network: { name: 'small', sha256: '' }, dataset: { name: 'drawn', sha256: '' }, methods: ['clean', name, 'lp'] },
}

test('rows have its part, and files of rows may', () => {
  const proved = rows.filter(({ clean }) => clean.verdict === 'correct')
  expect(proved.length).toBeGreaterThan(3)
  for (const row of proved) {
    expect(row).toMatchObject({ point: { verdict: 'robust' }, result: { verdict: 'robust', method: 'point' } })
    expect(Object.keys(row)).toEqual(['index', 'label', 'prediction', 'clean', 'point', 'result', 'seconds'])
    expect(rowSchema.parse(JSON.parse(JSON.stringify(row)))).toEqual(row)
  }
})

test('summaries count it, in its place', () => {
  const summary = summaryOf(header, rows, { first: 0, last: rows.length, seconds: 1, images: rows.length })
  expect(summary[name]!.settled).toBe(summary[name]!.tried)
  expect(summary.lp!.tried).toBe(0)
})

test('it is tried where nobody asks for steps', async () => {
  const [row] = await rowsOf(
    certify(network, dataset, { epsilon: 0.01, images: [rows.find((one) => one[name])!.index] }),
  )
  expect(row![name]).toEqual({ verdict: 'open', margin: null, seconds: 0 })
})

test('help explains it', () => {
  const command = new Command('certify')
  certifyCommand(command)
  let help = ''
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp()
  expect(help).toMatch(/point +a proof where ε is 0 \(this test\)/)
  expect(help).toMatch(/clean,\s+pgd,\s+point,\s+auto/)
})

test('reports draw, name and tabulate it', () => {
  const summary = summaryOf(header, rows, { first: 0, last: rows.length, seconds: 1, images: rows.length })
  const certificates = { path: '', name: 'rows', header, rows, summary, known: undefined }
  const subjects = [{ name: 'rows', run: undefined, certificates: [certificates] }]
  const html = ladderSection(subjects)!.text
  expect(html).toContain('proved by the only point')
  expect(html).toContain('class="fill-robust-point"')
  expect(style).toContain('--robust-point:#123456')
  const table = tableSection(tableRows(subjects, new Map())).text
  expect(table).toContain('<th scope="col" class="number">point</th>')
  expect(table).toContain('Point: not proved where ε is 0.')
})
