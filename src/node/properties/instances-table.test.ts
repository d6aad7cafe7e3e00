import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { UserError } from '../../base/errors.ts'
import { mutateBytes } from '../../formats/mutate.testing.ts'
import { formatCsvRow, instanceFile, parseCsvRow, readInstances } from './instances-table.ts'
import { temporaryFiles } from '../temporary.testing.ts'

const { folder, newPath, write } = temporaryFiles()

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
      '\ufeff# networks\r\n\n# old\ronnx/a.onnx,vnnlib/p.vnnlib,116\r\n "b, c.onnx" , q.vnnlib ,1.5e1\n\n',
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

  test('damaged tables are read, or refused in one line', () => {
    const intact = Buffer.from('# networks\nonnx/a.onnx,vnnlib/p.vnnlib,116\n"b, c.onnx",q.vnnlib,1.5e1\n')
    const path = newPath('damaged.csv')
    const random = new Random(1, 'tables')
    for (let i = 0; i < 1000; i++) {
      writeFileSync(path, mutateBytes(random, intact))
      try {
        for (const { timeout } of readInstances(path)) expect(timeout).toBeGreaterThan(0)
      } catch (error) {
        expect(error).toBeInstanceOf(UserError)
        expect((error as Error).message).not.toMatch(/[\r\n]/)
      }
    }
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
