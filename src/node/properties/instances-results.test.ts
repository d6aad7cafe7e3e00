import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { UserError } from '../../base/errors.ts'
import { mutateBytes } from '../../formats/mutate.testing.ts'
import { type ResultRow, ResultsFile } from './instances-results.ts'
import { temporaryFiles } from '../temporary.testing.ts'

const { folder, newPath, write } = temporaryFiles()

describe('results', () => {
  const instances = ['a', 'b, c', 'd'].map((network) => ({ network, property: 'p', timeout: 10 }))
  const row = (i: number): ResultRow => ({
    ...{ ...instances[i], result: 'sat', seconds: 1.23456, method: 'crown', bound: -0.5, reason: undefined },
    ...{ counterexample: `${i}.txt`, networkHash: 'n', propertyHash: 'p' },
  })
  const end = 'p,sat,1.235,crown,-0.5,10,'
  const whole = `a,${end},0.txt,n,p,s; t\n"b, c",${end},1.txt,n,p,s; t\n`
  const two = () => {
    const path = newPath('r.csv')
    const file = new ResultsFile(path, instances, 's; t', false)
    for (const i of [0, 1]) file.put(i, row(i))
    return path
  }
  const resume = (path: string, among = instances) => new ResultsFile(path, among, 's; t', true)

  test('rows as they are written, and read when resumed', () => {
    const path = two()
    expect(readFileSync(path, 'utf8')).toBe(whole)
    const kept = { result: 'sat', timeout: 10, networkHash: 'n', propertyHash: 'p' }
    expect(resume(path).kept).toEqual([0, 1].map((i) => ({ ...kept, counterexample: `${i}.txt` })))
    expect(resume(newPath('new.csv')).kept).toEqual([])
    expect(() => new ResultsFile(path, instances, 's; t', false)).toThrow(/exists already$/)
  })

  test('rows are replaced, also the last one, without an influence on others', () => {
    for (const i of [0, 1]) {
      const path = two()
      const file = resume(path)
      file.put(i, { ...row(i), bound: -0.25 })
      file.put(2, row(2))
      const lines = `${whole}d,${end},2.txt,n,p,s; t\n`.split('\n')
      expect(readFileSync(path, 'utf8')).toBe(lines.with(i, lines[i].replace('-0.5', '-0.25')).join('\n'))
    }
  })

  test('wherever a run is killed, the whole rows stay and the torn one goes', () => {
    const all = Buffer.from(`${whole}d,p,error,0.1,,,10,"no ""é""",,,,s; t`)
    for (let length = 0; length <= all.length; length++) {
      const path = write('torn.csv', '')
      writeFileSync(path, all.subarray(0, length))
      const rows = all.toString('latin1', 0, length).split('\n').slice(0, -1)
      expect(resume(path).kept).toHaveLength(rows.length)
      expect(readFileSync(path, 'latin1')).toBe(rows.map((one) => `${one}\n`).join(''))
    }
  })

  const last = `d,${end},2.txt,n,p,s; t\n`
  const others = (line: number) => `has results of other instances (line ${line})`
  test.each([
    ['another network', 'e,p,unsat,1,,,10,,,n,p,s; t\n', others(1)],
    ['another property', 'a,q,unsat,1,,,10,,,n,p,s; t\n', others(1)],
    ['another result', 'a,p,holds,1,,,10,,,n,p,s; t\n', others(1)],
    ['too few columns', 'a,p,unsat,1\n', others(1)],
    ['too many columns', `${last.slice(0, -1).replace('d', 'a')},1\n`, others(1)],
    ['a second row of others', `${whole}e,p,sat,1,,,10,,,n,p,s; t\n`, others(3)],
    ['more rows', whole + last + last, others(4)],
    ['text behind the last row', `${whole}${last}d`, others(4)],
    ['something else', 'not results', others(1)],
    ['something else in lines', 'not\nresults\n', others(1)],
    ['what an older version wrote', 'a,p,unsat,1,,,10,\n', 'line 1 does not say from which files and settings it is'],
    [
      'other settings',
      'a,p,unsat,1,,,10,,,n,p,s; u\n',
      "by other settings, which can continue it (line 1: 's; u', and now 's; t')",
    ],
  ])('%s: left alone', (_, text, words) => {
    const path = write('other.csv', text)
    expect(() => resume(path)).toThrow(UserError)
    expect(() => resume(path)).toThrow(words)
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  test('damaged files are gone on with, or refused in one line and left alone', () => {
    const path = two()
    const intact = readFileSync(path)
    const random = new Random(1, 'results')
    let read = 0
    for (let i = 0; i < 1000; i++) {
      const damaged = mutateBytes(random, intact)
      writeFileSync(path, damaged)
      try {
        expect(resume(path).kept.length).toBeLessThanOrEqual(3)
        read++
      } catch (error) {
        expect(error).toBeInstanceOf(UserError)
        expect(Buffer.compare(readFileSync(path), damaged)).toBe(0)
      }
    }
    expect(read).toBeGreaterThan(100)
  })

  test('a folder, and a folder that is not there', () => {
    mkdirSync(join(folder, 'dir'))
    expect(() => resume(join(folder, 'dir'))).toThrow(/not a regular file/)
    expect(() => resume(join(folder, 'none/r.csv'))).toThrow(/there is no folder/)
  })
})
