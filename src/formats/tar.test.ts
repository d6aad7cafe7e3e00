import { describe, expect, test } from 'vitest'
import { readTar } from './tar.ts'
import { tarOf } from './tar.testing.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)
const read = (bytes: Uint8Array) => [...readTar(bytes, 'a.tar')].map(([path, data]) => [path, `${Buffer.from(data)}`])

const long = 'folder/'.repeat(14)
const archive = tarOf([
  { path: 'a/', type: '5' },
  { path: 'a/empty', data: bytesOf('') },
  { path: 'a/link', type: '2' },
  { path: 'pax', type: 'x', data: bytesOf('30 mtime=1.5\n') },
  { path: 'a/block', data: bytesOf('x'.repeat(512)) },
  { path: 'more', prefix: long, data: bytesOf('y'.repeat(513)) },
  { path: 'old', type: '\0', data: bytesOf('z') },
])

describe('a tar archive', () => {
  test('has its files read, and only those', () => {
    expect(read(archive)).toEqual([
      ['a/empty', ''],
      ['a/block', 'x'.repeat(512)],
      [`${long}/more`, 'y'.repeat(513)],
      ['old', 'z'],
    ])
  })

  test('may be empty', () => {
    expect(read(tarOf([]))).toEqual([])
  })

  test('that is cut short anywhere is refused', () => {
    for (let length = 0; length <= archive.length - 1024; length += 256) {
      expect(() => readTar(archive.subarray(0, length), 'a.tar')).toThrow(/^a\.tar is cut short/)
    }
  })

  test('with a damaged header is refused', () => {
    for (const at of [0, 124, 150, 257, 345]) {
      const damaged = archive.slice()
      damaged[512 + at] ^= 0xff
      expect(() => readTar(damaged, 'a.tar')).toThrow('a.tar is not a tar archive, or it is damaged 512 bytes from its')
    }
    expect(() => readTar(bytesOf('<html>'.repeat(200)), 'a.tar')).toThrow('a.tar is not a tar archive')
  })
})
