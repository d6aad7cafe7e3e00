import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { UserError } from '../errors.ts'
import { readVnnlib } from '../formats/vnnlib/property.ts'
import { graphOf } from '../networks/graph.ts'
import { decideFiles } from './instance-files.ts'
import type { Verifier } from './instances.ts'
import { ResultsFile } from './instances-results.ts'
import { type RunInstancesOptions, runInstances } from './instances-run.ts'
import { formatCsvRow, instanceFile, parseCsvRow, readInstances } from './instances-table.ts'

const folder = mkdtempSync(join(tmpdir(), 'robustra-instances-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const newPath = (name: string) => join(folder, `${files++}-${name}`)
const write = (name: string, text: string) => {
  const path = newPath(name)
  writeFileSync(path, text)
  return path
}

describe('csv', () => {
  test.each([
    ['a,b,c', ['a', 'b', 'c']],
    [' a , "b, ""c""" ,', ['a', 'b, "c"', '']],
    ['""', ['']],
    ['', ['']],
    ['a b,c', ['a b', 'c']],
    ['"a', undefined],
    ['"a"b,c', undefined],
    ['a"b"', undefined],
  ])('%s', (line, fields) => expect(parseCsvRow(line)).toEqual(fields))

  test('what is written is read', () => {
    const field = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll(/[\r\n]/g, '_'))
    fc.assert(
      fc.property(fc.array(field, { minLength: 1 }), (fields) => {
        const line = formatCsvRow(fields)
        expect(line).not.toMatch(/[\r\n]/)
        expect(parseCsvRow(line)).toEqual(fields)
      }),
      { seed: 1, numRuns: 500 },
    )
    expect(formatCsvRow(['two\n lines', 3])).toBe('two lines,3')
  })
})

describe('tables', () => {
  test('rows, comments, blank lines, quotes', () => {
    const path = write(
      't.csv',
      '\ufeff# networks\r\n\nonnx/a.onnx,vnnlib/p.vnnlib,116\r\n "b, c.onnx" , q.vnnlib ,1.5e1\n\n',
    )
    expect(readInstances(path)).toEqual([
      { network: 'onnx/a.onnx', property: 'vnnlib/p.vnnlib', timeout: 116 },
      { network: 'b, c.onnx', property: 'q.vnnlib', timeout: 15 },
    ])
  })

  test.each([
    ['', 'has no instances'],
    ['# only this', 'has no instances'],
    ['\na,b', 'line 2: not an instance'],
    ['a,b,1,2', 'line 1: not an instance'],
    ['a,,1', 'line 1: not an instance'],
    ['"a,b,1', 'line 1: not an instance'],
    ['a,b,1\na,b,0', "line 2: the timeout cannot be '0': give seconds, above 0"],
    ['a,b,-3', "the timeout cannot be '-3'"],
    ['a,b,NaN', "the timeout cannot be 'NaN'"],
    ['a,b,', "the timeout cannot be ''"],
    ['a,b,Infinity', "the timeout cannot be 'Infinity'"],
    ['a,b,1e9', "the timeout cannot be '1e9': give seconds, above 0, at most 2000000"],
    ['# a\nonnx,vnnlib,timeout\na,b,1', "line 2: this is a header ('onnx,vnnlib,timeout'): remove it"],
    ['a,b,1\na,b,timeout', "line 2: the timeout cannot be 'timeout'"],
  ])('%j', (text, message) => {
    const path = write('bad.csv', text)
    expect(() => readInstances(path)).toThrow(UserError)
    expect(() => readInstances(path)).toThrow(message)
  })

  test('files lie beside the table, maybe compressed', () => {
    writeFileSync(join(folder, 'there.vnnlib'), '')
    writeFileSync(join(folder, 'there.vnnlib.gz'), '')
    writeFileSync(join(folder, 'packed.vnnlib.gz'), '')
    const table = join(folder, 'table.csv')
    expect(instanceFile(table, './there.vnnlib')).toBe(join(folder, 'there.vnnlib'))
    expect(instanceFile(table, 'packed.vnnlib')).toBe(join(folder, 'packed.vnnlib.gz'))
    expect(instanceFile(table, 'none.vnnlib')).toBe(join(folder, 'none.vnnlib'))
    expect(instanceFile(table, join(folder, 'there.vnnlib'))).toBe(join(folder, 'there.vnnlib'))
  })
})

describe('results', () => {
  const instances = ['a', 'b, c', 'd'].map((network) => ({ network, property: 'p', timeout: 10 }))
  const row = (i: number) =>
    ({ ...instances[i], result: 'unsat', seconds: 1.23456, method: 'crown', bound: 0.5 }) as const
  const whole = 'a,p,unsat,1.235,crown,0.5,10,\n"b, c",p,unsat,1.235,crown,0.5,10,\n'
  const two = () => {
    const path = newPath('r.csv')
    const file = new ResultsFile(path, instances, false)
    for (const i of [0, 1]) file.append({ ...row(i), reason: undefined })
    file.close()
    return path
  }
  const resume = (path: string, among = instances) => {
    const file = new ResultsFile(path, among, true)
    file.close()
    return file.done
  }

  test('rows as they are written, and read when resumed', () => {
    const path = two()
    expect(readFileSync(path, 'utf8')).toBe(whole)
    expect(resume(path)).toEqual(['unsat', 'unsat'])
    expect(resume(newPath('new.csv'))).toEqual([])
    expect(() => new ResultsFile(path, instances, false)).toThrow(/exists already: choose another --out, or .*--resume/)
  })

  test('wherever a run is killed, the whole rows stay and the torn one goes', () => {
    const all = Buffer.from(`${whole}d,p,error,0.1,,,10,"no ""é"""`)
    for (let length = 0; length <= all.length; length++) {
      const path = write('torn.csv', '')
      writeFileSync(path, all.subarray(0, length))
      const rows = all.toString('latin1', 0, length).split('\n').slice(0, -1)
      expect(resume(path)).toHaveLength(rows.length)
      expect(readFileSync(path, 'latin1')).toBe(rows.map((one) => `${one}\n`).join(''))
    }
  })

  test.each([
    ['another network', 'e,p,unsat,1,,,10,\n', 1],
    ['another property', 'a,q,unsat,1,,,10,\n', 1],
    ['another timeout', 'a,p,unsat,1,,,11,\n', 1],
    ['another result', 'a,p,holds,1,,,10,\n', 1],
    ['too few columns', 'a,p,unsat,1\n', 1],
    ['a second row of others', `${whole}e,p,sat,1,,,10,\n`, 3],
    ['more rows', `${whole}d,p,sat,1,,,10,\nd,p,sat,1,,,10,\n`, 4],
    ['text behind the last row', `${whole}d,p,sat,1,,,10,\nd`, 4],
    ['something else', 'not results', 1],
    ['something else in lines', 'not\nresults\n', 1],
  ])('%s is left alone', (_, text, line) => {
    const path = write('other.csv', text)
    expect(() => resume(path)).toThrow(UserError)
    expect(() => resume(path)).toThrow(`has results of other instances (line ${line}): choose another --out`)
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  test('a folder, and a folder that is not there', () => {
    mkdirSync(join(folder, 'dir'))
    expect(() => resume(join(folder, 'dir'))).toThrow(/not a regular file/)
    expect(() => resume(join(folder, 'none/r.csv'))).toThrow(/there is no folder/)
  })
})

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
    const file = new ResultsFile(out, instances, resume)
    return runInstances(instances, file, { table, decide, workers: 1, seed: 0, ...given }).finally(() => file.close())
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
    expect(rows(out)[0].at(-1)).toBe('a step failed')
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
