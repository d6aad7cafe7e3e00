import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UserError } from '../base/errors.ts'
import { gunzipIfNeeded } from './gzip.ts'

const unpack = (bytes: Uint8Array) => gunzipIfNeeded(bytes, 'some-file', 2 ** 20)
const text = (content: string) => new TextEncoder().encode(content)

test('uncompresses what zlib compresses, of one member or of several', () => {
  const content = fc.oneof(
    fc.uint8Array(),
    fc.uint8Array({ minLength: 1, maxLength: 9 }).map((part) => repeat(part, 20_000)),
  )
  fc.assert(
    fc.property(
      fc.array(content, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 0, max: 9 }),
      (contents, level) => {
        const packed = Buffer.concat(contents.map((each) => gzipSync(each, { level })))
        expect(Buffer.compare(unpack(packed), Buffer.concat(contents))).toBe(0)
      },
    ),
    { seed: 1, numRuns: 50 },
  )
})
const repeat = (part: Uint8Array, times: number) => Buffer.alloc(part.length * times, part)

test('leaves plain bytes alone', () => {
  const plain = text('plain')
  expect(unpack(plain)).toBe(plain)
})

describe('refuses, naming the file,', () => {
  const whole = gzipSync(text('some text, some text, some text'))
  const changed = (at: number) => Buffer.from(whole).fill(whole.at(at)! ^ 255, whole.length + at, whole.length + at + 1)
  test.each<[string, Uint8Array, string]>([
    ['what is cut within its header', whole.subarray(0, 5), 'it is cut short'],
    ['what is cut within its content', whole.subarray(0, -12), 'unexpected EOF'],
    ['what is cut within its trailer', whole.subarray(0, -3), 'its checksum is wrong'],
    ['another checksum', changed(-8), 'its checksum is wrong'],
    ['a first member of another checksum', Buffer.concat([changed(-8), whole]), 'its checksum is wrong'],
    ['what follows its end', Buffer.concat([whole, text('and more')]), 'invalid gzip data'],
    ['what would fill the memory', gzipSync(new Uint8Array(2 ** 20 + 1)), 'it holds more than 1048576 bytes'],
  ])('%s', (_, bytes, words) => {
    expect(() => unpack(bytes)).toThrow(UserError)
    expect(() => unpack(bytes)).toThrow(/^some-file cannot be uncompressed \(.*\): replace the file$/)
    expect(() => unpack(bytes)).toThrow(words)
  })
})
