import { expect, test } from 'vitest'
import { UserError } from '../base/errors.ts'
import { Cursor } from './cursor.ts'

const over = (...bytes: readonly number[]) => new Cursor(Uint8Array.from(bytes), 0, (what) => new UserError(what))

test('numbers, one after the other', () => {
  const cursor = over(
    200,
    1,
    2,
    1,
    0,
    0,
    1,
    0xfe,
    0xff,
    0xff,
    0xff,
    1,
    0,
    0,
    0,
    1,
    0,
    0,
    0,
    0x3f,
    0xf8,
    0,
    0,
    0,
    0,
    0,
    0,
  )
  expect(cursor.uint8()).toBe(200)
  expect(cursor.uint16()).toBe(513)
  expect(cursor.uint32()).toBe(2 ** 24 + 1)
  expect(cursor.int32()).toBe(-2)
  expect(cursor.uint64()).toBe(2 ** 32 + 1)
  expect(cursor.bigEndianFloat64()).toBe(1.5)
  expect(() => cursor.uint8()).toThrow('cut short')
})

test('whole numbers of any length', () => {
  expect(over().whole(0)).toBe(0)
  expect(over(0x00, 0xff).whole(2)).toBe(-256)
  expect(over(0xff, 0x00).whole(2)).toBe(255)
  expect(over(0, 0, 0, 0, 0, 0, 0, 0x80).whole(8)).toBe(-(2n ** 63n))
  expect(() => over(1).whole(256)).toThrow('a number of 256 bytes')
})

test('texts and lines', () => {
  const cursor = over(0x61, 0x62, 0x0a, 0xc3, 0xb6, 0x63)
  expect([cursor.line(), cursor.text(2), cursor.at]).toEqual(['ab', 'ö', 5])
  expect(() => cursor.line()).toThrow('cut short')
  expect(() => cursor.bytes(2)).toThrow(UserError)
})
