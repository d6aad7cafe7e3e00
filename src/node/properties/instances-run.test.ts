import { appendFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { UserError } from '../../base/errors.ts'
import { readVnnlib } from './property-file.ts'
import { graphOf } from '../../model/graph.ts'
import { CounterexampleFolder } from './counterexample-files.ts'
import { decideFiles } from './instance-files.ts'
import type { Verifier } from '../../ladder/verify-property.ts'
import { ResultsFile } from './instances-results.ts'
import { type RunInstancesOptions, runInstances } from './instances-run.ts'
import { parseCsvRow, readInstances } from './instances-table.ts'
import { temporaryFiles } from '../temporary.testing.ts'

const { folder, newPath } = temporaryFiles()

describe('a run', () => {
  const network = {
    architecture: {
      name: 'identity',
      input: { channels: 1, height: 1, width: 1 },
      layers: [{ kind: 'linear', outFeatures: 1 }],
    },
    parameters: Float32Array.of(1, 0),
  } as const
  const property = (least: number) =>
    `(declare-const X_0 Real)(declare-const Y_0 Real)(assert (<= 0 X_0 1))(assert (>= Y_0 ${least}))`
  writeFileSync(join(folder, 'safe.vnnlib'), property(2))
  writeFileSync(join(folder, 'unsafe.vnnlib.gz'), gzipSync(property(0.5)))
  writeFileSync(join(folder, 'broken.vnnlib'), '(declare-const X_0')
  writeFileSync(join(folder, 'other.vnnlib'), `${property(2)}(declare-const Y_1 Real)`)

  /** Of the identity: the upper end of the box decides. */
  const verify: Verifier = async (_, { upper, unsafe }) => {
    const margin = upper[0] * unsafe[0][0].coefficients[0] - unsafe[0][0].bound
    if (margin > 0) return { verdict: 'robust', method: 'interval', margin }
    return { verdict: 'vulnerable', method: 'pgd', point: upper, outputs: upper }
  }
  const table = join(folder, 'run.csv')
  const loads: string[] = []
  const load = (path: string) => {
    loads.push(path)
    if (!existsSync(path)) throw new UserError(`${path}: there is no such file`)
    return graphOf(network)
  }
  interface Given extends Partial<RunInstancesOptions> {
    readonly verify?: Verifier
    readonly loadNetwork?: typeof load
    readonly loadProperty?: typeof readVnnlib
  }
  const start = (names: readonly string[], out: string, given: Given = {}, resume = false) => {
    const decide = decideFiles(given.loadNetwork ?? load, given.loadProperty ?? readVnnlib, given.verify ?? verify)
    writeFileSync(table, names.map((name) => `${name}.vnnlib,${name}.vnnlib,10\n`).join(''))
    const instances = readInstances(table).map((instance) => ({ ...instance, network: 'net' }))
    const file = new ResultsFile(out, instances, 'settings', resume)
    return runInstances(instances, file, { table, decide, workers: 1, seed: 0, ...given })
  }
  writeFileSync(join(folder, 'net'), '')
  const rows = (path: string) =>
    readFileSync(path, 'utf8').trimEnd().split('\n').map((line) => parseCsvRow(line)!) // prettier-ignore

  test('every instance gets its row; an error is one, and the others go on', async () => {
    const out = newPath('out.csv')
    const failures: unknown[] = []
    const progress: number[] = []
    loads.length = 0
    const names = ['safe', 'unsafe', 'broken', 'other', 'none', 'safe']
    const results = await start(names, out, {
      onProgress: (done) => progress.push(done),
      onFailure: (error) => failures.push(error),
    })
    expect(results).toEqual(['unsat', 'sat', 'error', 'error', 'error', 'unsat'])
    expect(progress).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect([loads, failures]).toEqual([[join(folder, 'net')], []])
    const written = rows(out)
    expect(written.map(([first, second, result]) => [first, second, result])).toEqual(
      names.map((name, i) => ['net', `${name}.vnnlib`, results[i]]),
    )
    expect(written.map((row) => row.slice(4, 7))).toEqual([
      ['interval', '1', '10'],
      ['pgd', '-0.5', '10'],
      ...[2, 3, 4].map(() => ['', '', '10']),
      ['interval', '1', '10'],
    ])
    expect(written.map((row) => row[7])).toEqual([
      '',
      '',
      expect.stringContaining('broken.vnnlib, line 1: the file ends'),
      expect.stringContaining('is for another network: it has 1 inputs X and 2 outputs Y'),
      expect.stringContaining('there is no such file'),
      '',
    ])
    expect(written.every((row) => /^\d+\.\d{3}$/.test(row[3]))).toBe(true)
  })

  test('a failure of a step is told, and is no verdict', async () => {
    const failures: unknown[] = []
    const failing: Verifier = async () => {
      throw new Error('a step\nfailed')
    }
    const out = newPath('out.csv')
    expect(await start(['safe'], out, { verify: failing, onFailure: (error) => failures.push(error) })).toEqual([
      'error',
    ])
    expect(failures).toEqual([new Error('a step\nfailed')])
    expect(rows(out)[0][7]).toBe('a step failed')
  })

  test('a network that memory cannot hold is undecided', async () => {
    const out = newPath('out.csv')
    const loadNetwork = () => {
      throw new RangeError('Array buffer allocation failed')
    }
    expect(await start(['safe', 'unsafe'], out, { loadNetwork })).toEqual(['unknown', 'unknown'])
    expect(rows(out)[0][7]).toBe('memory')
  })

  test('a killed run goes on behind its last whole row, and does none twice', async () => {
    const out = newPath('out.csv')
    const names = ['safe', 'unsafe', 'safe', 'broken']
    let asked = 0
    const dying: Verifier = (...question) => {
      if (asked++ === 2) return new Promise(() => {})
      return verify(...question)
    }
    void start(names, out, { verify: dying })
    await expect.poll(() => asked).toBe(3)
    appendFileSync(out, 'net,safe.vnnlib,un')
    expect(await start(names, out, { verify: dying }, true)).toEqual(['unsat', 'sat', 'unsat', 'error'])
    expect(asked).toBe(4)
    expect(rows(out).map((row) => row[2])).toEqual(['unsat', 'sat', 'unsat', 'error'])
    // of a finished run nothing is left to do
    expect(await start(names, out, {}, true)).toEqual(['unsat', 'sat', 'unsat', 'error'])
    expect(rows(out)).toHaveLength(4)
  })

  describe('a run that goes on does those again', () => {
    const names = ['safe', 'unsafe', 'safe']
    /** Continues a finished run. @returns why what was done again, and the results */
    const goOn = async (out: string, given: Given = {}) => {
      const told: string[] = []
      const results = await start(names, out, { ...given, onStale: (why) => told.push(why) }, true)
      return { told, results }
    }
    const unsafe = join(folder, 'unsafe.vnnlib.gz')
    afterEach(() => writeFileSync(unsafe, gzipSync(property(0.5))))

    test('whose network has changed', async () => {
      const out = newPath('out.csv')
      await start(names, out)
      expect(await goOn(out)).toEqual({ told: [], results: ['unsat', 'sat', 'unsat'] })
      appendFileSync(join(folder, 'net'), ' ')
      const sure: Verifier = async () => ({ verdict: 'robust', method: 'interval', margin: 7 })
      const again = await goOn(out, { verify: sure })
      expect(again).toEqual({ told: Array(3).fill('net has changed'), results: ['unsat', 'unsat', 'unsat'] })
      expect(rows(out).map((row) => row[5])).toEqual(['7', '7', '7'])
    })

    test('whose property has changed, and only those', async () => {
      const out = newPath('out.csv')
      await start(names, out)
      const before = rows(out)
      writeFileSync(unsafe, gzipSync(property(3)))
      expect(await goOn(out)).toEqual({ told: ['unsafe.vnnlib has changed'], results: ['unsat', 'unsat', 'unsat'] })
      const after = rows(out)
      expect(after[1][2]).toBe('unsat')
      expect(after.with(1, before[1])).toEqual(before)
    })

    test('whose file was not there, and whose timeout is another', async () => {
      const out = newPath('out.csv')
      expect(await start(['late'], out)).toEqual(['error'])
      writeFileSync(join(folder, 'late.vnnlib'), property(2))
      const told: string[] = []
      const onStale = (why: string) => told.push(why)
      expect(await start(['late'], out, { onStale }, true)).toEqual(['unsat'])
      writeFileSync(out, readFileSync(out, 'utf8').replace(',10,', ',5,'))
      expect(await start(['late'], out, { onStale }, true)).toEqual(['unsat'])
      expect(told).toEqual(['late.vnnlib has changed', 'the timeout was 5, and is 10'])
    })

    test('whose counterexample is to be kept and is not there', async () => {
      const out = newPath('out.csv')
      const found = newPath('found')
      await start(names, out)
      const again = await goOn(out, { counterexamples: new CounterexampleFolder(found, false) })
      expect(again).toEqual({ told: [`${found} lacks a counterexample`], results: ['unsat', 'sat', 'unsat'] })
      expect(rows(out).map((row) => row[8])).toEqual(['', '2_net_unsafe.txt', ''])
      expect(readdirSync(found)).toEqual(['2_net_unsafe.txt'])
      expect(readFileSync(join(found, '2_net_unsafe.txt'), 'utf8')).toBe('((X_0 1)\n (Y_0 1))\n')
      expect((await goOn(out, { counterexamples: new CounterexampleFolder(found, true) })).told).toEqual([])
      expect(() => new CounterexampleFolder(found, false)).toThrow(/is not empty$/)
      expect(() => new CounterexampleFolder(out, true)).toThrow(/out\.csv is a file, not a folder/)
      // what is no longer sat has none
      writeFileSync(unsafe, gzipSync(property(3)))
      await goOn(out, { counterexamples: new CounterexampleFolder(found, true) })
      expect(readdirSync(found)).toEqual([])
    })
  })

  test('reading counts towards the time limit', async () => {
    const given: number[] = []
    const slow = () => {
      const end = performance.now() + 200
      while (performance.now() < end);
      return graphOf(network)
    }
    const timed: Verifier = (graph, question, { timeout, ...rest }) => {
      given.push(timeout)
      return verify(graph, question, { timeout, ...rest })
    }
    await start(['safe'], newPath('out.csv'), { loadNetwork: slow, verify: timed })
    expect(given[0]).toBeLessThanOrEqual(9.8)
    expect(given[0]).toBeGreaterThan(0)
  })
})
