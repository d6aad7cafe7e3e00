import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UserError } from '../base/errors.ts'
import { encodeNpz, parseNpz } from './npz.ts'
import type { Tensor } from './tensors.ts'
import { writeZip } from './zip.ts'

const path = 'a.npz'

const tensorArbitrary = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }).chain((shape) => {
  const length = shape.reduce((a, b) => a * b, 1)
  const value = fc.float({ noNaN: true, noDefaultInfinity: true })
  return fc
    .array(value, { minLength: length, maxLength: length })
    .map((data) => ({ shape, data: new Float32Array(data) }))
})
const text = fc.string({ unit: 'grapheme' })
const dictionary = <T>(values: fc.Arbitrary<T>) => fc.dictionary(text, values, { noNullPrototype: true })

test('what is written is read again', () => {
  fc.assert(
    fc.property(dictionary(tensorArbitrary), dictionary(text), (found, metadata) => {
      const tensors = new Map<string, Tensor>(Object.entries(found).filter(([name]) => !Object.hasOwn(metadata, name)))
      const texts = Object.fromEntries(
        Object.entries(metadata).map(([name, value]): [string, string] => [name, value.replace(/\0+$/, '')]),
      )
      expect(parseNpz(encodeNpz({ metadata: texts, tensors }, path), path)).toEqual({ metadata: texts, tensors })
    }),
    { numRuns: 60 },
  )
})

/** An array as NumPy writes it: one of version 1 for a header of a usual size. */
function arrayOf(header: string, data: ArrayLike<number>, version = 1): Uint8Array {
  const lengthBytes = version === 1 ? 2 : 4
  const bytes = Buffer.alloc(8 + lengthBytes + header.length + data.length)
  bytes.write('\x93NUMPY', 'latin1')
  bytes[6] = version
  bytes.writeUIntLE(header.length, 8, lengthBytes)
  bytes.write(header, 8 + lengthBytes, 'latin1')
  bytes.set(Array.from(data), 8 + lengthBytes + header.length)
  return bytes
}
const headerOf = (descr: string, shape: string, order = 'False') =>
  `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }  \n`
const bytesOf = (values: number[], type: typeof Float32Array | typeof Float64Array = Float32Array) =>
  new Uint8Array(type.from(values).buffer)
const archive = (...entries: [string, Uint8Array][]) => writeZip(new Map(entries), path)
const read = (array: Uint8Array) => parseNpz(archive(['a.npy', array]), path).tensors.get('a')

describe('reads', () => {
  test.each([1, 2, 3])('arrays of version %i', (version) => {
    const array = arrayOf(headerOf('<f4', '(2, 1)'), bytesOf([1, -2]), version)
    expect(read(array)).toEqual({ shape: [2, 1], data: Float32Array.of(1, -2) })
  })

  test('64-bit floats, in any order of the fields', () => {
    const header = "{'shape':(2,),'fortran_order':False,'descr':'<f8'}"
    expect(read(arrayOf(header, bytesOf([0.1, 1e-300], Float64Array)))!.data).toEqual(Float64Array.of(0.1, 1e-300))
    // as 32-bit floats where they are
    expect(read(arrayOf(header, bytesOf([0.5, -3], Float64Array)))!.data).toEqual(Float32Array.of(0.5, -3))
  })

  test.each([
    ['>f4', [0x3f, 0xc0, 0, 0, 0xc0, 0, 0, 0]],
    ['>f8', [0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0]],
    ['<f2', [0, 0x3e, 0, 0xc0]],
    ['>f2', [0x3e, 0, 0xc0, 0]],
  ])('%s', (type, bytes) => {
    expect(read(arrayOf(headerOf(type, '(2,)'), bytes))).toEqual({ shape: [2], data: Float32Array.of(1.5, -2) })
  })

  test('texts of either order', () => {
    const text = archive(['a.npy', arrayOf(headerOf('>U2', '()'), [0, 0, 0, 0x68, 0, 0, 0, 0x69])])
    expect(parseNpz(text, path).metadata).toEqual({ a: 'hi' })
  })

  test('integers and truth values are no tensors; their names are kept', () => {
    const integers: [string, Uint8Array][] = ['<i8', '>u2', '|b1', '|i1'].map((type) => [
      `${type}.npy`,
      arrayOf(headerOf(type, '(1,)'), new Uint8Array(Number(type[2]))),
    ])
    const found = parseNpz(archive(...integers, ['a.npy', arrayOf(headerOf('<f4', '(1,)'), bytesOf([1]))]), path)
    expect([...found.tensors.keys()]).toEqual(['a'])
    expect(found.integers).toEqual(new Set(['<i8', '>u2', '|b1', '|i1']))
  })

  test("arrays in Fortran's order", () => {
    const columns = [0, 100, 10, 110, 20, 120, 1, 101, 11, 111, 21, 121]
    const { shape, data } = read(arrayOf(headerOf('<f4', '(2, 3, 2)', 'True'), bytesOf(columns)))!
    expect(shape).toEqual([2, 3, 2])
    expect([...data]).toEqual([0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121])
  })
})

test('the bytes are those of the format', () => {
  const tensors = new Map([['a', { shape: [1], data: Float32Array.of(1) }]])
  const bytes = Buffer.from(encodeNpz({ metadata: { key: 'é' }, tensors }, path)).toString('latin1')
  expect(bytes.startsWith('PK\x03\x04')).toBe(true)
  expect(bytes).toContain("key.npy\x93NUMPY\x01\x00v\x00{'descr': '<U1', 'fortran_order': False, 'shape': (), }")
  expect(bytes).toContain("a.npy\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }")
  expect(bytes).toContain('\n\xe9\x00\x00\x00')
})

describe('refuses, naming the file and the array:', () => {
  const values = bytesOf([1])
  test.each<[string, Uint8Array, string]>([
    ['what is no array', Uint8Array.of(1, 2, 3), 'is not a .npy array'],
    ['another version', arrayOf(headerOf('<f4', '(1,)'), values, 4), 'has version 4 of the format'],
    ['a header cut short', arrayOf(headerOf('<f4', '(1,)'), []).subarray(0, 20), 'is cut short'],
    ['integers cut short', arrayOf(headerOf('<i8', '(1,)'), values), "of type '<i8' and shape [1] has 4 bytes"],
    ['complex numbers', arrayOf(headerOf('<c8', '(1,)'), new Uint8Array(8)), "is of type '<c8': only floats ('f2'"],
    ['floats of 128 bits', arrayOf(headerOf('<f16', '(1,)'), new Uint8Array(16)), "is of type '<f16'"],
    ['pickled objects', arrayOf(headerOf('|O', '(1,)'), values), "is of type '|O'"],
    ['fields of several types', arrayOf(headerOf("', [('a", '(1,)'), values), 'is of type'],
    ['a header of another kind', arrayOf('{}', values), 'has a header that is not read'],
    ['values cut short', arrayOf(headerOf('<f4', '(2,)'), values), "of type '<f4' and shape [2] has 4 bytes"],
    ['too many values', arrayOf(headerOf('<f4', '()'), new Uint8Array(8)), 'has 8 bytes of values'],
    ['an absurd shape', arrayOf(headerOf('<f4', `(${'9'.repeat(400)}, 0)`), []), 'has 0 bytes of values'],
    ['texts in a list', arrayOf(headerOf('<U1', '(1,)'), [65, 0, 0, 0]), 'is a list of texts'],
    ['characters that do not exist', arrayOf(headerOf('<U1', '()'), [0, 0, 0x11, 0]), 'character that does not exist'],
    ['NaN', arrayOf(headerOf('<f4', '(1,)'), bytesOf([Number.NaN])), "tensor 'a' holds NaN at element 0"],
    ['infinity', arrayOf(headerOf('<f8', '(1,)'), bytesOf([Infinity], Float64Array)), "tensor 'a' holds Infinity"],
  ])('%s', (_, array, words) => {
    expect(() => read(array)).toThrow(UserError)
    expect(() => read(array)).toThrow(words)
    expect(() => read(array)).toThrow(`${path}: `)
    expect(() => read(array)).toThrow(`'a'`)
  })
})

test('writing refuses what reading would', () => {
  const tensors = new Map([['a', { shape: [1], data: Float32Array.of(Infinity) }]])
  expect(() => encodeNpz({ metadata: {}, tensors }, path)).toThrow(
    new UserError(`${path} was not written: tensor 'a' holds Infinity at element 0`),
  )
})
