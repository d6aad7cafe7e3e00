import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UserError } from '../base/errors.ts'
import { readSafetensors, writeSafetensors } from '../node/safetensors-file.ts'
import type { Tensor } from './tensors.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'

const folder = temporaryFolder()
const path = join(folder, 'a.safetensors')

/** A file with this header and these bytes of data. */
function bytesOf(header: unknown, data: ArrayLike<number> = []): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const bytes = new Uint8Array(8 + json.length + data.length)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
  bytes.set(json, 8)
  bytes.set(data, 8 + json.length)
  return bytes
}

function read(bytes: Uint8Array) {
  writeFileSync(path, bytes)
  return readSafetensors(path)
}

const tensorArbitrary = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }).chain((shape) => {
  const length = shape.reduce((a, b) => a * b, 1)
  const value = fc.float({ noNaN: true, noDefaultInfinity: true })
  return fc
    .array(value, { minLength: length, maxLength: length })
    .map((data) => ({ shape, data: new Float32Array(data) }))
})

test('what is written is read again', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ unit: 'grapheme' }), tensorArbitrary, { noNullPrototype: true }),
      fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), { noNullPrototype: true }),
      (dictionary, metadata) => {
        const tensors = new Map<string, Tensor>(Object.entries(dictionary))
        writeSafetensors(path, tensors, metadata)
        expect(readSafetensors(path)).toEqual({ metadata, tensors })
      },
    ),
    { numRuns: 40 },
  )
})

test('the bytes are those of the format', () => {
  writeSafetensors(path, new Map([['a', { shape: [2], data: Float32Array.from([1, -2]) }]]), { key: 'text' })
  const bytes = readFileSync(path)
  const size = Number(bytes.readBigUInt64LE())
  expect(size % 8).toBe(0)
  expect(bytes.toString('utf8', 8, 8 + size).trimEnd()).toBe(
    '{"__metadata__":{"key":"text"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
  )
  expect([...bytes.subarray(8 + size)]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0])
})

test('reads tensors in any order of the data, and files without metadata', () => {
  const header = {
    b: { dtype: 'F32', shape: [], data_offsets: [4, 8] },
    a: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
  }
  const { metadata, tensors } = read(bytesOf(header, [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]))
  expect(metadata).toEqual({})
  expect([...tensors]).toEqual([
    ['b', { shape: [], data: Float32Array.from([2]) }],
    ['a', { shape: [1], data: Float32Array.from([1]) }],
  ])
})

test.each([
  ['F64', [0, 0, 0, 0, 0, 0, 0xf8, 0xbf], [-1.5]],
  ['F16', [0x00, 0x3c, 0x01, 0x00, 0xff, 0xfb, 0x00, 0x80], [1, 2 ** -24, -65504, -0]],
  ['BF16', [0x80, 0x3f, 0x20, 0xc1], [1, -10]],
])('converts %s', (dtype, data, expected) => {
  const header = { a: { dtype, shape: [expected.length], data_offsets: [0, data.length] } }
  expect(read(bytesOf(header, data)).tensors.get('a')!.data).toEqual(Float32Array.from(expected))
})

test('64-bit floats that 32 bits cannot hold stay as they are, and are written so', () => {
  const data = Float64Array.of(0.5, 0.1, 1e300)
  writeSafetensors(path, new Map([['a', { shape: [3], data }]]))
  expect(readSafetensors(path).tensors.get('a')).toEqual({ shape: [3], data })
})

test('integers and truth values are no tensors; their names are kept', () => {
  const header = {
    steps: { dtype: 'I64', shape: [], data_offsets: [0, 8] },
    a: { dtype: 'F32', shape: [1], data_offsets: [8, 12] },
    mask: { dtype: 'BOOL', shape: [2], data_offsets: [12, 14] },
  }
  const { tensors, integers } = read(bytesOf(header, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x3f, 1, 0]))
  expect([...tensors]).toEqual([['a', { shape: [1], data: Float32Array.of(1) }]])
  expect(integers).toEqual(new Set(['steps', 'mask']))
})

describe('refuses, naming the file,', () => {
  const f32 = (shape: unknown, begin: number, end: number) => ({ dtype: 'F32', shape, data_offsets: [begin, end] })
  const eight = [0, 0, 0, 0, 0, 0, 0, 0]
  const nan = [0, 0, 0xc0, 0x7f]
  const many = Array.from({ length: 40 }, () => 2 ** 53 - 1)
  test.each([
    ['an empty file', new Uint8Array(), 'it is empty'],
    ['a file of 5 bytes', new Uint8Array(5), 'only 5 bytes'],
    ['an absurd header size', new Uint8Array(16).fill(255), 'promise a header of 18446744073709551615 bytes'],
    ['a header cut short', bytesOf({ a: f32([1], 0, 4) }).subarray(0, 30), 'only 22 follow: is it cut short?'],
    ['no JSON', bytesOf('{"a":'), 'its header is not JSON'],
    ['no UTF-8', bytesOf('{"a":3}').fill(255, 10, 11), 'its header is not JSON'],
    ['no object', bytesOf('[]'), 'its header is not a JSON object'],
    ['null', bytesOf('null'), 'its header is not a JSON object'],
    ['metadata that is no text', bytesOf({ __metadata__: { a: 1 } }), '__metadata__'],
    ['a tensor that is no object', bytesOf({ a: 3 }), "tensor 'a' is described wrongly: it is not an object"],
    ['an unknown field', bytesOf({ a: { ...f32([1], 0, 4), x: 1 } }), "described wrongly: the format has no field 'x'"],
    ['a type that is no text', bytesOf({ a: { ...f32([], 0, 4), dtype: 3 } }), "'dtype' is not a text"],
    ['a fractional offset', bytesOf({ a: f32([1], 0, 0.5) }), "'data_offsets' are not two integers"],
    ['one offset', bytesOf({ a: { ...f32([], 0, 4), data_offsets: [0] } }), "'data_offsets' are not two integers"],
    ['a negative size', bytesOf({ a: f32([-1, -1], 0, 4) }, [0, 0, 0, 0]), "'shape' is not a list of sizes"],
    ['a fractional size', bytesOf({ a: f32([0.5], 0, 2) }, [0, 0]), "'shape' is not a list of sizes"],
    ['another type', bytesOf({ a: { ...f32([8], 0, 8), dtype: 'F8_E5M2' } }, eight), "tensor 'a' is of type F8_E5M2"],
    ['integers of another size', bytesOf({ a: { ...f32([2], 0, 8), dtype: 'I64' } }, eight), 'needs 16 bytes'],
    ['a type by an inherited name', bytesOf({ a: { ...f32([1], 0, 8), dtype: 'toString' } }, eight), 'toString'],
    ['data cut short', bytesOf({ a: f32([2], 0, 8) }, [0, 0, 0, 0]), 'bytes 0 to 8 of 4: is the file cut short?'],
    ['offsets in the wrong order', bytesOf({ a: f32([1], 8, 4) }, eight), 'bytes 8 to 4'],
    ['negative offsets', bytesOf({ a: f32([1], -4, 0) }, eight), 'bytes -4 to 0'],
    ['a shape that needs more', bytesOf({ a: f32([3], 0, 8) }, eight), 'of shape [3] needs 12 bytes, but has 8'],
    ['an absurd shape', bytesOf({ a: f32([...many, 0], 0, 8) }, eight), "tensor 'a' of shape"],
    ['an overlap', bytesOf({ a: f32([2], 0, 8), b: f32([1], 4, 8) }, eight), "tensor 'b' overlaps another"],
    ['a gap', bytesOf({ a: f32([1], 4, 8) }, eight), "4 bytes before tensor 'a' belong to none"],
    ['trailing bytes', bytesOf({ a: f32([1], 0, 4) }, eight), 'last 4 bytes belong to no tensor'],
    ['trailing bytes, no tensors', bytesOf({}, eight), 'last 8 bytes belong to no tensor'],
    ['NaN', bytesOf({ a: f32([2], 0, 8) }, [0, 0, 0, 0, ...nan]), "tensor 'a' holds NaN at element 1"],
    ['infinity', bytesOf({ a: f32([1], 0, 4) }, [0, 0, 0x80, 0xff]), "tensor 'a' holds -Infinity at element 0"],
    ['infinity of 64 bits', bytesOf({ a: { ...f32([1], 0, 8), dtype: 'F64' } }, [0, 0, 0, 0, 0, 0, 0xf0, 0x7f]), 'Inf'],
    ['a tensor twice', bytesOf('{"a":3,"\\u0061" \n  :4}'), "its header has 'a' twice"],
    ['a field twice', bytesOf('{"a":[{"b":1,"c":{"b":2},"b":"\\"}"}]}'), "its header has 'b' twice"],
  ])('%s', (_, bytes, words) => {
    expect(() => read(bytes)).toThrow(UserError)
    expect(() => read(bytes)).toThrow(words)
    expect(() => read(bytes)).toThrow(path)
  })
})

test('texts that look like keys are not taken for keys', () => {
  expect(read(bytesOf({ __metadata__: { a: '{"x":1,"x":2}', b: 'a', c: '\\' } })).metadata['b']).toBe('a')
})

test('damaged bytes give a valid file or a UserError, never anything else', () => {
  writeSafetensors(path, new Map([['0.weight', { shape: [2, 2], data: new Float32Array(4) }]]), { a: 'b' })
  const intact = new Uint8Array(readFileSync(path))
  fc.assert(
    fc.property(fc.nat(intact.length - 1), fc.nat(255), fc.nat(intact.length), (at, byte, length) => {
      const bytes = intact.slice()
      bytes[at] = byte
      try {
        for (const { data } of read(bytes.subarray(0, length)).tensors.values())
          expect(data.every(Number.isFinite)).toBe(true)
      } catch (error) {
        expect(error).toBeInstanceOf(UserError)
      }
    }),
    { numRuns: 300 },
  )
})

test('writing refuses what reading would, and leaves the old file', () => {
  writeSafetensors(path, new Map(), { old: 'yes' })
  const write = (data: number[], name = 'a') =>
    writeSafetensors(path, new Map([[name, { shape: [2], data: new Float32Array(data) }]]))
  expect(() => write([0, NaN])).toThrow(new UserError(`${path} was not written: tensor 'a' holds NaN at element 1`))
  expect(() => write([0])).toThrow(UserError)
  expect(() => write([0, 0], '__metadata__')).toThrow(UserError)
  expect(readSafetensors(path).metadata).toEqual({ old: 'yes' })
  expect(readdirSync(folder)).toHaveLength(1)
})
