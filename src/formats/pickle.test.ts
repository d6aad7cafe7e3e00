import { expect, test } from 'vitest'
import { UserError } from '../base/errors.ts'
import { oneLine } from '../base/one-line.testing.ts'
import { OPAQUE, type PickleReader, readPickle } from './pickle.ts'
import { protocol2, protocol5 } from './pickles.testing.ts'
import { Writer } from './pytorch.testing.ts'
import { torchObjects } from './pytorch-objects.ts'

const reader: PickleReader = { ...torchObjects('net.pt'), path: 'net.pt' }
const read = (...bytes: readonly number[]) => readPickle(Uint8Array.of(0x80, 2, ...bytes, 0x2e), reader).value
const ascii = (text: string) => [...text].map((character) => character.charCodeAt(0))

test.each([
  ['2', protocol2],
  ['5', protocol5],
])('what CPython pickles by protocol %s', (_, bytes) => {
  const { value, end } = readPickle(bytes, reader)
  expect(end).toBe(bytes.length)
  const map = value as Map<string, unknown>
  expect([...map.keys()]).toEqual(['state_dict', 'epoch', 'big', 'neg', 'err', 'name', 'flags', 'shape'])
  expect(map.get('epoch')).toBe(3)
  expect(map.get('big')).toBe(2n ** 70n)
  expect(map.get('neg')).toBe(-0.0015)
  expect(map.get('name')).toBe('größe')
  expect(map.get('flags')).toEqual([true, null, Uint8Array.from(ascii('raw'))])
  expect(map.get('shape')).toEqual([1, 28, 28])
  const [dictionary] = map.get('state_dict') as [Map<string, unknown>]
  expect([...dictionary.keys()]).toEqual(['module.0.weight', 'module.0.bias', 'module.1.num_batches_tracked'])
  expect(dictionary.get('module.0.weight')).toMatchObject({ shape: [2, 3], strides: [1, 2], storage: { length: 6 } })
  expect(dictionary.get('module.0.bias')).toMatchObject({ shape: [2], storage: { key: '1' } })
})

test('numbers', () => {
  expect(read(0x4b, 200)).toBe(200)
  expect(read(0x4d, 1, 2)).toBe(513)
  expect(read(0x4a, 0xfe, 0xff, 0xff, 0xff)).toBe(-2)
  expect(read(0x8a, 2, 0x00, 0xff)).toBe(-256)
  expect(read(0x47, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0)).toBe(1.5)
})

test('the texts of Python 2, and its ordered dictionaries', () => {
  const pairs = new Writer()
    .global('collections', 'OrderedDict')
    .tuple([[['a', 1]]])
    .op(0x52, 0x2e)
  expect(readPickle(Uint8Array.from(pairs.bytes), reader).value).toEqual(new Map([['a', 1]]))
  expect(read(0x55, 2, ...ascii('ab'))).toBe('ab')
  expect(read(0x54, 1, 0, 0, 0, ...ascii('c'))).toBe('c')
})

test('scalars of NumPy are known, and nothing is kept of them', () => {
  const write = new Writer().global('numpy._core.multiarray', 'scalar')
  const type = {
    make: (to: Writer) => void to.global('numpy', 'dtype').tuple(['f8', false, true]).op(0x52).tuple([3]).op(0x62),
  }
  const bytes = { make: (to: Writer) => void to.global('_codecs', 'encode').tuple(['\u0000@', 'latin1']).op(0x52) }
  write.tuple([type, bytes]).op(0x52, 0x2e)
  expect(readPickle(Uint8Array.from(write.bytes), reader).value).toBe(OPAQUE)
})

test.each([
  ['a counter', 'collections', 'Counter', new Map([['5', 1]])],
  ['a set', '__builtin__', 'set', [1, 2]],
])('%s, as in the state of a scheduler, is known, and nothing is kept of it', (_, module, name, of) => {
  const { bytes } = new Writer().global(module, name).tuple([of]).op(0x52, 0x2e)
  expect(readPickle(Uint8Array.from(bytes), reader).value).toBe(OPAQUE)
})

const refused: readonly (readonly [what: string, bytes: readonly number[], pattern: RegExp])[] = [
  [
    'a call of the system',
    [0x63, ...ascii('os\nsystem\n'), 0x8c, 2, ...ascii('ls'), 0x85, 0x52],
    /'os\.system'.*let alone run/,
  ],
  ['the same by STACK_GLOBAL', [0x8c, 2, ...ascii('os'), 0x8c, 6, ...ascii('system'), 0x93], /'os\.system'/],
  ['a name with line breaks', [0x8c, 1, 10, 0x8c, 1, 10, 0x93], /'\\n\.\\n'/],
  ['INST', [0x28, 0x69, ...ascii('os\nsystem\n')], /opcode INST at byte 3/],
  ['NEWOBJ', [0x29, 0x29, 0x81], /opcode NEWOBJ/],
  ['EXT1', [0x82, 1], /opcode EXT1/],
  ['an opcode that does not exist', [0xfe], /opcode 0xfe/],
  ['the opcodes of protocol 0', [0x49, 0x31, 10], /opcode 0x49/],
  ['a call of a number', [0x4b, 1, 0x29, 0x52], /damaged/],
  ['a call of what is only a value', [0x63, ...ascii('torch\nfloat32\n'), 0x29, 0x52], /damaged/],
  ['the state of a list', [0x5d, 0x7d, 0x62], /it sets the state of no dictionary/],
  ['an empty stack', [0x30], /opcode 0x30|damaged/],
  ['a mark that is missing', [0x4b, 1, 0x74], /damaged/],
  ['a value that is not in the memo', [0x68, 7], /damaged/],
  ['an odd number of keys and values', [0x7d, 0x28, 0x4b, 1, 0x75], /damaged/],
  ['an item for what is no list', [0x4e, 0x4e, 0x61], /damaged/],
  ['a text beyond the end', [0x58, 0xff, 0xff, 0xff, 0xff], /cut short/],
  ['a text of 2^64 bytes', [0x8d, ...Array.from({ length: 8 }, () => 0xff)], /cut short/],
  ['a number of many bytes', [0x8b, 0xff, 0xff, 0, 0], /number of 65535 bytes/],
  ['nothing at the end', [], /damaged/],
  ['protocol 1', [0x80, 1], /protocol 1: only 2 to 5/],
]

test.each(refused)('%s is refused', (_, bytes, pattern) => {
  expect(() => read(...bytes)).toThrow(UserError)
  expect(() => read(...bytes)).toThrow(oneLine(pattern))
})

test('what is cut short is refused wherever it ends', () => {
  for (let end = 0; end < protocol2.length; end++) {
    expect(() => readPickle(protocol2.subarray(0, end), reader)).toThrow(UserError)
  }
})

test('small pickles do not fill the memory: lists of lists share what they hold, and steps are counted', () => {
  // each list holds the one before ten times
  const nested = Array.from({ length: 100 }, (_, i) => [
    0x5d,
    0x71,
    i + 1,
    0x28,
    ...Array.from({ length: 10 }, () => [0x68, i]).flat(),
    0x65,
  ])
  const { value } = readPickle(Uint8Array.of(0x80, 2, 0x5d, 0x71, 0, ...nested.flat(), 0x2e), reader)
  expect(value).toHaveLength(10)
  const many = new Uint8Array(2_000_000).fill(0x7d)
  many.set([0x80, 2])
  expect(() => readPickle(many, reader)).toThrow('more than 1000000 steps')
})
