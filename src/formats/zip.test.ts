import { crc32, deflateRawSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { UserError } from '../base/errors.ts'
import { readZip, writeZip } from './zip.ts'

const text = (content: string) => new TextEncoder().encode(content)
const read = (bytes: Uint8Array) => readZip(bytes, 'a.zip')

interface Entry {
  readonly name: string
  readonly content: Uint8Array
  readonly method?: number
  readonly flags?: number
  readonly size?: number
  readonly checksum?: number
  /** Between an entry's local name and its content. */
  readonly extra?: Uint8Array
  /** As writers do that do not know the sizes when they begin. */
  readonly streamed?: boolean
}

/** Archives as other programs write them. */
function archive(entries: readonly Entry[], comment = ''): Buffer {
  const locals: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const {
    name,
    content,
    method = 0,
    flags = 0,
    extra = new Uint8Array(),
    streamed = false,
    ...given
  } of entries) {
    const data = method === 8 ? deflateRawSync(content) : content
    const common = Buffer.alloc(26)
    common.writeUInt16LE(45, 0)
    common.writeUInt16LE(flags, 2)
    common.writeUInt16LE(method, 4)
    common.writeUInt32LE(given.checksum ?? crc32(content), 10)
    common.writeUInt32LE(data.length, 14)
    common.writeUInt32LE(given.size ?? content.length, 18)
    common.writeUInt16LE(name.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, text(name), extra, data])
    local.writeUInt16LE(extra.length, 28)
    if (streamed) local.fill(0xff, 18, 26)
    const central = Buffer.concat([Buffer.from('PK\x01\x02-\x00', 'latin1'), common, Buffer.alloc(14), text(name)])
    central.writeUInt32LE(offset, 42)
    locals.push(local)
    directory.push(central)
    offset += local.length
  }
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(Buffer.concat(directory).length, 12)
  end.writeUInt32LE(offset, 16)
  end.writeUInt16LE(comment.length, 20)
  return Buffer.concat([...locals, ...directory, end, text(comment)])
}

const content = text('some text, some text, some text')

test('what is written is read again', () => {
  const entries = new Map([
    ['a', content],
    ['größe/b', new Uint8Array()],
    ['c', Uint8Array.of(0, 255)],
  ])
  expect([...read(writeZip(entries, 'a.zip'))]).toEqual([...entries])
  expect(writeZip(entries, 'a.zip')).toEqual(writeZip(entries, 'a.zip'))
  expect(read(writeZip(new Map(), 'a.zip')).size).toBe(0)
})

test('reads deflated entries, further fields, comments, and sizes that only the directory has', () => {
  const entries = [
    { name: 'a', content, method: 8 },
    { name: 'b', content, extra: new Uint8Array(20), streamed: true },
    { name: 'c', content: new Uint8Array(), method: 8 },
  ]
  const found = read(archive(entries, 'a comment'))
  expect([...found].map(([name, bytes]) => [name, [...bytes]])).toEqual(
    entries.map((entry) => [entry.name, [...entry.content]]),
  )
})

test('reads archives that begin within their buffer', () => {
  const bytes = Buffer.concat([Buffer.alloc(3), archive([{ name: 'a', content }])]).subarray(3)
  expect(read(bytes).get('a')).toEqual(Buffer.from(content))
})

describe('refuses, naming the file,', () => {
  const whole = archive([{ name: 'a', content, method: 8 }])
  const changed = (at: number, byte: number) => Buffer.from(whole).fill(byte, at, at + 1)
  const end = whole.length - 22
  const directory = whole.readUInt32LE(end + 16)
  test.each<[string, Uint8Array, string]>([
    ['an empty file', new Uint8Array(), 'it is empty'],
    ['another file', text('{ "some": "other file", "longer than": "the end record" }'), 'it has no directory'],
    ['an archive cut short', whole.subarray(0, -1), 'it has no directory: is it cut short?'],
    ['a missing beginning', whole.subarray(10), 'entry 0 of its directory is damaged'],
    ['a damaged directory', changed(directory, 0), 'entry 0 of its directory is damaged'],
    ['a damaged entry', changed(0, 0), "'a' is not where its directory says"],
    ['damaged content', changed(31, whole[31] ^ 255), "'a' is damaged"],
    ['another checksum', archive([{ name: 'a', content, checksum: 3 }]), "'a' is damaged"],
    ['another size', archive([{ name: 'a', content, method: 8, size: 7 }]), "'a' is damaged"],
    ['another method', archive([{ name: 'a', content, method: 12 }]), "'a' is damaged"],
    ['an encrypted entry', archive([{ name: 'a', content, flags: 1 }]), "'a' is encrypted"],
    [
      'an entry twice',
      archive([
        { name: 'a', content },
        { name: 'a', content },
      ]),
      "it has 'a' twice",
    ],
    ['zip64', archive([{ name: 'a', content, size: 0xffffffff }]), 'zip64'],
    ['a zip64 directory', Buffer.from(whole).fill(255, end + 16, end + 20), 'zip64'],
    ['what would fill the memory', archive([{ name: 'a', content, size: 2 ** 30 + 1 }]), 'more than 1073741824 bytes'],
  ])('%s', (_, bytes, words) => {
    expect(() => read(bytes)).toThrow(UserError)
    expect(() => read(bytes)).toThrow(words)
    expect(() => read(bytes)).toThrow(/^a\.zip is not a valid zip archive/)
  })
})
