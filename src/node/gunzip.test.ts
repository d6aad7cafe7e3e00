import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { UserError } from '../base/errors.ts'
import { gunzipIfNeeded as gunzipAnywhere } from '../formats/gzip.ts'
import { gunzipIfNeeded } from './gunzip.ts'

const content = Buffer.from('some text, '.repeat(100_000))
const whole = gzipSync(content)

test('uncompresses as the formats do, one member or several', () => {
  for (const packed of [whole, Buffer.concat([whole, whole])]) {
    const unpacked = gunzipIfNeeded(packed, 'some-file')
    expect(Buffer.compare(unpacked, gunzipAnywhere(packed, 'some-file'))).toBe(0)
    expect(unpacked.length % content.length).toBe(0)
  }
  expect(gunzipIfNeeded(content, 'some-file')).toBe(content)
})

test.each([
  ['what is cut short', whole.subarray(0, -3)],
  ['another checksum', Buffer.from(whole).fill(whole.at(-8)! ^ 255, whole.length - 8, whole.length - 7)],
  ['what would fill the memory', gzipSync(Buffer.alloc(2 ** 21))],
])('refuses %s, naming the file', (_, bytes) => {
  expect(() => gunzipIfNeeded(bytes, 'some-file', 2 ** 20)).toThrow(UserError)
  expect(() => gunzipIfNeeded(bytes, 'some-file', 2 ** 20)).toThrow(
    /^some-file cannot be uncompressed \(.*\): replace the file$/,
  )
})
