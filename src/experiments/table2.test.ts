import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { loadNetwork } from '../node/network-file.ts'
import { readCertificates } from '../node/report/read-certificates.ts'
import { trainingOptions } from '../training/options.ts'
import { quietly, stopAt, withoutTimes } from './experiments.testing.ts'
import { mutualOptions } from './mutual-run.ts'
import { paperTable2 } from './paper.ts'
import { defaultRows, rowOptions, rowPlan } from './table2-rows.ts'
import { table2 } from './table2.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'

const folder = temporaryFolder()
afterAll(() => rmSync(folder, { recursive: true }))
const at = (name: string) => join(folder, name)
const row = 'synthetic-0.1-small'
const settings = { epochs: 2, trainingCount: 4, validationCount: 3, images: 3, timeout: 0.2 } as const

describe('rows', () => {
  test('are all of the paper’s, each with its preset and network', () => {
    expect(defaultRows.toSorted()).toEqual(Object.keys(paperTable2).toSorted())
    const options = rowOptions(rowPlan('cifar10-8-resnet'), 'robustra', { epochs: 50 })
    const given = { architecture: 'cifar10-resnet', epochs: 50, learningRate: 0.05 }
    expect(options).toEqual(trainingOptions(given, 'paper-cifar10-8'))
    expect(rowOptions(rowPlan('mnist-0.3-large'), 'robustra', {})).toMatchObject({
      ...{ dataset: 'mnist', architecture: 'mnist-large', epsilon: 0.3, epochs: 100, bounds: 'auto' },
    })
    // so that a run may serve both
    expect(rowOptions(rowPlan('mnist-0.3-small'), 'robustra', { epochs: 20 })).toEqual(mutualOptions({ epochs: 20 }))
    expect(() => rowPlan('mnist-0.3-smal')).toThrow("unknown row 'mnist-0.3-smal': did you mean 'mnist-0.3-small'?")
  })

  test.each(defaultRows)('%s: the baseline differs from Robustra in its loss alone', (name) => {
    const [ours, baseline] = [rowOptions(rowPlan(name), 'robustra', {}), rowOptions(rowPlan(name), 'lp-dual', {})]
    expect(baseline).toEqual({ ...ours, method: 'lp-dual' })
  })

  test('have the paper’s figures as shares', () => {
    expect(paperTable2['mnist-0.3-small']).toEqual({
      soa: { lp: 0.431, milp: 0.2579, clean: 0.114 },
      robustra: { lp: 0.3142, milp: 0.1691, clean: 0.0737 },
    })
    expect(paperTable2['cifar10-2-large']).toMatchObject({ soa: { milp: '-' }, robustra: { milp: '/' } })
  })
})

describe('a row', () => {
  test('stopped anywhere ends as one that never was, and is not repeated once it is done', async () => {
    const steps: string[] = []
    const noted = quietly(at('whole'), false, (title) => steps.push(title))
    const whole = await table2([row], settings, noted)
    const [done] = (whole.data as { rows: any[] }).rows
    for (const method of ['robustra', 'lp-dual']) {
      const { chosen, last } = done.methods[method]
      expect(chosen.validation.lp).toBeLessThanOrEqual(last.validation.lp)
      expect(last.epoch).toBe(2)
      const { metadata } = loadNetwork(at(`whole/${row}/${method}/best.safetensors`))
      expect(metadata).toEqual({ epoch: String(chosen.epoch), network: chosen.network })
      for (const { clean, pgd, lp, exact, undecided } of [chosen, last]) {
        const ladder = [clean, pgd, exact.least, exact.most, lp]
        expect(ladder).toEqual(ladder.toSorted((a, b) => a - b))
        expect(exact.most - exact.least).toBeCloseTo(undecided, 9)
      }
      const files = readdirSync(at(`whole/${row}/${method}`))
      expect(files).toContain('chosen-exact.jsonl.gz')
      expect(files.filter((name) => name.endsWith('.jsonl'))).toEqual(['log.jsonl'])
      const lp = readCertificates(at(`whole/${row}/${method}/chosen-lp.jsonl.gz`))
      expect(lp.header).toMatchObject({ domain: 'unbounded', methods: ['clean', 'lp'] })
      const exact = readCertificates(at(`whole/${row}/${method}/chosen-exact.jsonl.gz`))
      expect(exact.header).toMatchObject({ domain: 'pixels', search: { timeout: 0.2 } })
      expect(exact.rows).toHaveLength(3)
    }
    expect(whole.text).toContain(`--rows ${row} --epochs 2 --training-count 4 --images 3 --timeout 0.2`)
    expect(readFileSync(at('whole/table2.csv'), 'utf8').trim().split('\n')).toHaveLength(5)

    // within the baseline's certificates, once Robustra's are done
    const cut = quietly(at('cut'), false, stopAt(steps.lastIndexOf('certifying chosen-lp') + 1))
    await expect(table2([row], settings, cut)).rejects.toThrow('stopped by the test')
    expect(existsSync(at(`cut/${row}/summary.json`))).toBe(false)
    const repeated: string[] = []
    const goingOn = quietly(at('cut'), true, (title) => repeated.push(title))
    const resumed = await table2([row], settings, goingOn)
    // those of the baseline alone
    expect(repeated.filter((title) => title === 'certifying chosen-lp')).toHaveLength(1)
    const verdicts = (name: string) =>
      readCertificates(at(`${name}/${row}/lp-dual/chosen-lp.jsonl.gz`)).rows.map(({ result }) => result.verdict)
    expect(verdicts('cut')).toEqual(verdicts('whole'))
    // limits of time apart, which decide what stays open
    const weights = (name: string) => readFileSync(at(`${name}/${row}/lp-dual/f.safetensors`))
    expect(weights('cut').equals(weights('whole'))).toBe(true)

    const parts: string[] = []
    const watched = quietly(at('cut'), true, (title) => parts.push(title))
    expect(withoutTimes((await table2([row], settings, watched)).data)).toEqual(withoutTimes(resumed.data))
    expect(parts).toEqual([])
  })

  test('that is there already stops the whole table before anything is trained', async () => {
    mkdirSync(at('used/mnist-0.1-small'), { recursive: true })
    writeFileSync(at('used/mnist-0.1-small/file'), '')
    const rows = [row, 'mnist-0.1-small']
    await expect(table2(rows, settings, quietly(at('used')))).rejects.toThrow(/mnist-0.1-small exists already/)
    await expect(table2(rows, settings, quietly(at('used'), true))).rejects.toThrow(/is not a folder of robustra/)
    expect(readdirSync(at('used'))).toEqual(['mnist-0.1-small'])
  })
})
