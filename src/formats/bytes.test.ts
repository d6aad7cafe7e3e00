import fc from 'fast-check'
import { expect, test } from 'vitest'
import { concatenate, fromLatin1, includesText, toBase64, toLatin1 } from './bytes.ts'

test('bytes are texts and back, as Node has them', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(toLatin1(bytes)).toBe(Buffer.from(bytes).toString('latin1'))
      expect(fromLatin1(toLatin1(bytes))).toEqual(bytes)
      expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
    }),
    { seed: 1 },
  )
})

test('texts are found wherever they are', () => {
  const [part, whole] = [
    fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 }),
    fc.string({ unit: fc.constantFrom('a', 'b') }),
  ]
  fc.assert(
    fc.property(whole, part, (text, wanted) => {
      expect(includesText(fromLatin1(text), wanted)).toBe(text.includes(wanted))
    }),
    { seed: 1 },
  )
})

test('parts become one piece', () => {
  expect(concatenate([Uint8Array.of(1, 2), new Uint8Array(), Uint8Array.of(3)])).toEqual(Uint8Array.of(1, 2, 3))
  expect(concatenate([])).toEqual(new Uint8Array())
})
