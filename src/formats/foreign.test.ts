/** Whatever it is that a user gives for a file, one line says what it is and what to do. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { UserError } from '../base/errors.ts'
import { readInstances } from '../node/properties/instances-table.ts'
import { loadAnyNetwork } from '../node/any-network.ts'
import { networkExtensions } from './any-network.ts'
import { refuseForeign } from './foreign.ts'
import { mutateBytes } from './mutate.testing.ts'
import { encodeNpz } from './npz.ts'
import { encodeModel } from './onnx/schema.ts'
import { encodeSafetensors } from './safetensors.ts'
import { tarOf } from './tar.testing.ts'
import { readVnnlib } from '../node/properties/property-file.ts'
import { writeZip } from './zip.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'

const folder = temporaryFolder()

const text = (content: string) => Buffer.from(content)
const zip = (...names: string[]) => writeZip(new Map(names.map((name) => [name, text('x')])), 'a.zip')
const npz = encodeNpz({ metadata: { a: 'b' }, tensors: new Map() }, 'a.npz')
const onnx = encodeModel({ irVersion: 8, producerName: 'a', opsetImport: [{ domain: '', version: 13 }] })
const safetensors = encodeSafetensors(new Map(), { a: 'b' }, 'a.safetensors')

/** What files hold, and what is said of each. */
const foreign: readonly (readonly [what: string, bytes: Uint8Array, words: string])[] = [
  ['UTF-16', Buffer.from('\ufeff; a property', 'utf16le'), 'is text in UTF-16: save it as UTF-8'],
  ['UTF-16, big-endian', Buffer.from('\ufeff; a', 'utf16le').swap16(), 'is text in UTF-16: save it as UTF-8'],
  ['a page', text('\n<!DOCTYPE html><html>'), 'is an HTML page: it may be the page that links to the file'],
  ['a page without type', text('<HTML>'), 'is an HTML page'],
  ['a pointer', text('version https://git-lfs.github.com/spec/v1\noid sha256:0\n'), "get the file with 'git lfs pull'"],
  [
    'Keras',
    zip('config.json', 'model.weights.h5'),
    'is a file of Keras (.keras): export the network to ONNX (tf2onnx)',
  ],
  ['HDF5', Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'), 'is an HDF5 file'],
  ['an array', Buffer.from('\x93NUMPY\x01\x00', 'latin1'), 'is a single array of NumPy: save all arrays'],
  ['bzip2', text('BZh91AY&SY'), 'is compressed by bzip2: uncompress it first: only gzip is read'],
  ['xz', Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), 'is compressed by xz'],
  ['zstd', Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd), 'is compressed by zstd'],
  ['7z', Uint8Array.of(0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c), 'is a 7z archive: unpack it'],
  ['tar', tarOf([{ path: 'nets/a.onnx' }]), "is a tar archive: unpack it, and give the file in it, such as 'nets/a"],
  ['gzip twice', gzipSync(gzipSync('a')), 'is compressed by gzip: uncompress it first'],
]

/** Ways in which files are read: the extension, and what reads it. */
const readers: Readonly<Record<string, (path: string) => unknown>> = {
  ...Object.fromEntries([...networkExtensions, '.onnx.gz'].map((extension) => [extension, loadAnyNetwork])),
  ...{ '.vnnlib': readVnnlib, '.csv': readInstances },
}

/** What is right for one extension alone. */
const networks: readonly (readonly [extension: string, bytes: Uint8Array, what: string])[] = [
  ['.npz', npz, 'an archive of NumPy'],
  ['.onnx', onnx, 'an ONNX model'],
  ['.safetensors', safetensors, 'a safetensors file'],
  ['.pt', zip('net/data.pkl', 'net/data/0'), 'a file of PyTorch (.pt)'],
  ['.pt', Uint8Array.of(0x80, 2, 0x7d, 0x71, 0), 'a Python pickle, as old files of PyTorch are'],
]

test.each(Object.keys(readers))('%s', (extension) => {
  const isText = ['.vnnlib', '.csv'].includes(extension)
  const given = [...foreign]
  if (extension !== '.npz') given.push(['zip', zip('net.onnx'), 'is a zip archive: unpack it, and give the file in it'])
  for (const [right, bytes, what] of networks) {
    if (extension.startsWith(right)) continue
    given.push([right, bytes, `is ${what}: ${isText ? 'give a text in UTF-8' : `let its name end in '${right}'`}`])
  }
  for (const [what, bytes, words] of given) {
    const path = join(folder, `${what}${extension}`)
    writeFileSync(path, bytes)
    const read = () => readers[extension](path)
    expect(read, what).toThrow(UserError)
    expect(read, what).toThrow(`${path} is `)
    expect(read, what).toThrow(words)
  }
})

test.each(['.vnnlib', '.csv'])('%s: what is no text at all', (extension) => {
  const read = (bytes: Uint8Array) => {
    const path = join(folder, `binary${extension}`)
    writeFileSync(path, bytes)
    return () => readers[extension](path)
  }
  for (const bytes of [Buffer.from('; no mark', 'utf16le'), Uint8Array.of(200, 9, 18, 0, 7)]) {
    expect(read(bytes)).toThrow('is not text in UTF-8 (it is binary, or UTF-16 without a byte order mark)')
  }
})

test('a tar in gzip is named as what is inside', () => {
  const path = join(folder, 'packed.onnx.gz')
  writeFileSync(path, gzipSync(tarOf([{ path: 'onnx/a.onnx', data: text('x') }])))
  expect(() => loadAnyNetwork(path)).toThrow(
    `${path} is a tar archive: unpack it, and give the file in it, such as 'onnx/a.onnx'`,
  )
})

test('damaged archives are refused in one line', () => {
  const originals = [tarOf([{ path: 'a.onnx', data: text('x') }]), zip('net/data.pkl'), npz, safetensors]
  const random = new Random(1, 'foreign')
  const path = join(folder, 'damaged')
  for (let i = 0; i < 2000; i++) {
    const bytes = mutateBytes(random, originals[i % originals.length])
    for (const kind of ['onnx', 'safetensors', 'npz', 'text'] as const) {
      try {
        refuseForeign(bytes, path, kind)
      } catch (error) {
        expect(error).toBeInstanceOf(UserError)
        expect((error as Error).message).not.toMatch(/[\r\n]/)
      }
    }
  }
})

test('what is right is not taken for something else', () => {
  const path = join(folder, 'right.safetensors')
  // headers of these lengths begin as UTF-16 or a pickle would
  for (const length of [0xfeff, 0xfffe, 0x280]) {
    const header = '{}'.padEnd(length)
    const size = Buffer.alloc(8)
    size.writeUInt32LE(length)
    writeFileSync(path, Buffer.concat([size, Buffer.from(header)]))
    expect(() => loadAnyNetwork(path)).toThrow('does not say which network it holds')
  }
})
