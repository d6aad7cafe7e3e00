import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { UserError } from '../base/errors.ts'
import { gunzipIfNeeded } from './gzip.ts'
import { parseIdx } from './idx.ts'

const images = Uint8Array.from([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255])
const labels = Uint8Array.from([0, 0, 8, 1, 0, 0, 0, 2, 7, 9])

test('reads images and labels', () => {
  expect(parseIdx(images, 'i', 3)).toEqual({ dimensions: [2, 1, 3], data: Uint8Array.from([1, 2, 3, 4, 5, 255]) })
  expect(parseIdx(labels, 'l', 1)).toEqual({ dimensions: [2], data: Uint8Array.from([7, 9]) })
})

test('reads compressed files, and bytes that begin within their buffer', () => {
  expect(parseIdx(gzipSync(images), 'i', 3).dimensions).toEqual([2, 1, 3])
  expect([...parseIdx(Uint8Array.from([99, ...labels]).subarray(1), 'l', 1).data]).toEqual([7, 9])
})

test('reads an array without values', () => {
  expect(parseIdx(Uint8Array.from([0, 0, 8, 1, 0, 0, 0, 0]), 'l', 1).data.length).toBe(0)
})

describe('refuses, naming the file,', () => {
  const huge = Uint8Array.from([0, 0, 8, 3, ...Array.from({ length: 12 }, () => 255)])
  test.each([
    ['an empty file', new Uint8Array(), 3, 'cut short: it has 0 bytes, its header needs 16'],
    ['a cut header', images.subarray(0, 10), 3, 'cut short: it has 10 bytes, its header needs 16'],
    ['cut values', images.subarray(0, -1), 3, 'cut short: it has 21 bytes, its header promises 22'],
    ['more values than any file has', huge, 3, 'cut short'],
    ['trailing bytes', Uint8Array.from([...images, 0, 0]), 3, 'has 2 bytes after its last value'],
    ['another magic number', Uint8Array.from([80, 75, 3, 4, 0]), 3, 'not an idx file'],
    ['values that are not bytes', Uint8Array.from([0, 0, 0x0d, 1, 0, 0, 0, 0]), 1, 'type 0x0d'],
    ['labels as images', labels, 3, 'has 1 dimensions, not 3: images expected'],
    ['images as labels', images, 1, 'has 3 dimensions, not 1: labels expected'],
    ['damaged gzip', gzipSync(images).subarray(0, -9), 3, 'cannot be uncompressed'],
  ] as const)('%s', (_, bytes, rank, words) => {
    const parse = () => parseIdx(bytes, 'some-file', rank)
    expect(parse).toThrow(UserError)
    expect(parse).toThrow(/^some-file /)
    expect(parse).toThrow(words)
  })
})

test('uncompressing leaves plain bytes alone', () => {
  expect(gunzipIfNeeded(labels, 'l')).toBe(labels)
  expect([...gunzipIfNeeded(gzipSync(labels), 'l')]).toEqual([...labels])
})
