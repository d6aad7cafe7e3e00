import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { UserError } from '../base/errors.ts'
import { mutateBytes } from './mutate.testing.ts'
import { readNpy } from './npy.ts'
import { npyOf } from './npy.testing.ts'

const read = (bytes: Uint8Array) => readNpy(bytes, 'a')

test.each<[string, ArrayBufferView, number[]]>([
  ['|u1', Uint8Array.of(0, 255), [0, 255]],
  ['|i1', Int8Array.of(-1, 7), [-1, 7]],
  ['<u2', Uint16Array.of(1, 65_535), [1, 65_535]],
  ['>i2', Uint8Array.of(0xff, 0xfe, 0, 3), [-2, 3]],
  ['<i4', Int32Array.of(-5, 9), [-5, 9]],
  ['<u4', Uint32Array.of(4_000_000_000, 9), [4_000_000_000, 9]],
  ['<i8', BigInt64Array.of(-3n, 2n ** 40n), [-3, 2 ** 40]],
  ['<u8', BigUint64Array.of(1n, 3n), [1, 3]],
])('integers of type %s', (type, values, expected) => {
  const { shape, kind, data } = read(npyOf(type, [2], values))
  expect({ shape, kind }).toEqual({ shape: [2], kind: 'integer' })
  expect([...data]).toEqual(expected)
})

test('truth values, floats and texts', () => {
  expect(read(npyOf('|b1', [2], Uint8Array.of(1, 0)))).toEqual({ shape: [2], kind: 'truth', data: Uint8Array.of(1, 0) })
  expect(read(npyOf('<f4', [1, 2], Float32Array.of(0.5, -1)))).toMatchObject({ shape: [1, 2], kind: 'float' })
  const codes = Uint32Array.from([...'catdo\0'], (character) => character.codePointAt(0)!)
  expect(read(npyOf('<U3', [2], codes)).texts).toEqual(['cat', 'do'])
})

test.each([
  [npyOf('<f16', [1], new Uint8Array(16)), "is of type '<f16'"],
  [npyOf('<c8', [1], new Uint8Array(8)), "is of type '<c8'"],
  [npyOf('|b2', [1], new Uint8Array(2)), "is of type '|b2'"],
  [npyOf('<u2', [2], new Uint8Array(3)), 'has 3 bytes of values'],
  [npyOf('<U0', [1e9], new Uint8Array(0)), 'has 0 bytes of values'],
])('refuses what it does not read', (bytes, message) => {
  expect(() => read(bytes)).toThrow(message)
})

test('damage is read or refused: never a crash', () => {
  const originals = [
    npyOf('<i8', [3, 2], new BigInt64Array(6)),
    npyOf('<U3', [2], new Uint32Array(6)),
    npyOf('|u1', [4], new Uint8Array(4)),
  ]
  let count = 0
  for (let seed = 0; seed < 5000; seed++) {
    const random = new Random(seed, 'npy')
    try {
      read(mutateBytes(random, originals[seed % 3]))
      count++
    } catch (error) {
      if (!(error instanceof UserError)) throw error
    }
  }
  expect(count).toBeGreaterThan(100)
})
