import { expect, test } from 'vitest'
import { UserError } from '../base/errors.ts'
import { oneLine } from '../base/one-line.testing.ts'
import { Random } from '../base/random.ts'
import { mutateBytes } from './mutate.testing.ts'
import { archive, oldFile } from './pickles.testing.ts'
import { parsePytorch } from './pytorch.ts'
import { readZip, writeZip } from './zip.ts'
import { networkOf } from './network-file.ts'
import {
  type Saved,
  type SavedStorage,
  call,
  doubleStorage,
  floatStorage,
  ordered,
  parameter,
  saved,
  savedBefore,
  tensor,
} from './pytorch.testing.ts'

const six = floatStorage('0', [1, 2, 3, 4, 5, 6])
const storageOf = (type: string, key: string, bytes: Uint8Array, length: number): SavedStorage => ({
  type,
  key,
  bytes,
  length,
})
const valuesIn = (bytes: Uint8Array) =>
  Object.fromEntries(
    [...parsePytorch(bytes, 'net.pt').tensors].map(([name, { shape, data }]) => [name, [shape, [...data]]]),
  )

test.each([
  ['now', saved],
  ['before 1.6', savedBefore],
])('views of one storage, as torch.save wrote them %s', (_, save) => {
  const state = ordered({
    whole: tensor(six, [2, 3]),
    transposed: tensor(six, [3, 2], { strides: [1, 3] }),
    row: tensor(six, [3], { offset: 3 }),
    column: tensor(six, [2], { offset: 1, strides: [3] }),
    number: tensor(six, [], { offset: 5 }),
    same: tensor(six, [2, 2], { offset: 4, strides: [0, 1] }),
    none: tensor(six, [0, 3]),
    learnt: parameter(tensor(six, [1, 2, 1], { strides: [6, 1, 1] })),
  })
  expect(valuesIn(save(state))).toEqual({
    whole: [
      [2, 3],
      [1, 2, 3, 4, 5, 6],
    ],
    transposed: [
      [3, 2],
      [1, 4, 2, 5, 3, 6],
    ],
    row: [[3], [4, 5, 6]],
    column: [[2], [2, 5]],
    number: [[], [6]],
    same: [
      [2, 2],
      [5, 6, 5, 6],
    ],
    none: [[0, 3], []],
    learnt: [
      [1, 2, 1],
      [1, 2],
    ],
  })
})

test.each([
  ['now', archive],
  ['before 1.6', oldFile],
])('a file of PyTorch itself, as it writes them %s', (_, bytes) => {
  const { tensors, integers, inOrder } = parsePytorch(bytes, 'net.pth')
  expect([...tensors]).toEqual([
    ['0.weight', { shape: [2, 3], data: Float32Array.of(1, 3, 5, 2, 4, 6) }],
    ['0.bias', { shape: [2], data: Float32Array.of(0.5, -0.5) }],
  ])
  expect(integers).toEqual(new Set(['1.num_batches_tracked']))
  expect(inOrder).toBe(true)
})

test('floats of 64 and 16 bits, exactly, and integers by their names', () => {
  const half = storageOf('HalfStorage', '1', Uint8Array.of(0x00, 0x3c, 0x01, 0x00), 2)
  const brain = storageOf('BFloat16Storage', '2', Uint8Array.of(0x80, 0x3f, 0x49, 0xc0), 2)
  const long = storageOf('LongStorage', '3', new Uint8Array(8), 1)
  const { tensors, integers } = parsePytorch(
    saved(
      new Map<string, Saved>([
        ['double', tensor(doubleStorage('0', [0.1, 2]), [2])],
        ['single', tensor(doubleStorage('5', [0.5, 2]), [2])],
        ['half', tensor(half, [2])],
        ['brain', tensor(brain, [2])],
        ['count', tensor(long, [])],
      ]),
    ),
    'net.pt',
  )
  expect(tensors.get('double')!.data).toEqual(Float64Array.of(0.1, 2))
  expect(tensors.get('single')!.data).toEqual(Float32Array.of(0.5, 2))
  expect(tensors.get('half')!.data).toEqual(Float32Array.of(1, 2 ** -24))
  expect(tensors.get('brain')!.data).toEqual(Float32Array.of(1, -3.140625))
  expect(integers).toEqual(new Set(['count']))
})

test('big-endian machines', () => {
  const storage = storageOf('FloatStorage', '0', Uint8Array.of(0x3f, 0x80, 0, 0), 1)
  expect(valuesIn(saved(ordered({ a: tensor(storage, [1]) }), 'big'))).toEqual({ a: [[1], [1]] })
})

const state = ordered({ 'module.a': tensor(six, [6]) })
test.each<[string, Saved]>([
  [
    "under 'state_dict'",
    new Map<string, Saved>([
      ['err', tensor(six, [])],
      ['state_dict', state],
    ]),
  ],
  ["in a list under 'state_dict'", new Map([['state_dict', [state]]])],
  [
    "under 'model', beside an optimiser",
    new Map<string, Saved>([
      ['optimizer', new Map([['b', tensor(six, [])]])],
      ['model', state],
    ]),
  ],
  ['twice the same', [state]],
])('a state dictionary is found %s', (_, value) => {
  expect(valuesIn(saved(value))).toEqual({ a: [[6], [1, 2, 3, 4, 5, 6]] })
})

test('names that do not all begin with a prefix keep it', () => {
  const mixed = ordered({ 'module.a': tensor(six, [6]), 'model.b': tensor(six, []) })
  expect(Object.keys(valuesIn(saved(mixed)))).toEqual(['module.a', 'model.b'])
  const wrapped = ordered({ 'module.model.a': tensor(six, [6]), 'module.model.model.b': tensor(six, []) })
  expect(Object.keys(valuesIn(saved(wrapped)))).toEqual(['a', 'model.b'])
})

test.each<[string, Saved, RegExp]>([
  [
    'several networks',
    new Map([['state_dict', [state, ordered({ b: tensor(six, []) })]]]),
    /holds 2 state dictionaries.*save one/,
  ],
  ['a single tensor', tensor(six, [6]), /holds a single tensor, not a state dictionary: save model.state_dict\(\)/],
  [
    'only other things',
    new Map<string, Saved>([
      ['epoch', 3],
      ['args', 'x'],
    ]),
    /holds a dictionary of 'epoch', 'args', not/,
  ],
  [
    'a module',
    call('torch.nn.modules.container', 'Sequential'),
    /'torch.nn.modules.container.Sequential'.*save the state/,
  ],
  ['NaN', ordered({ a: tensor(floatStorage('0', [NaN]), [1]) }), /tensor 'a' holds NaN at element 0/],
  [
    'more values than the file has',
    ordered({ a: tensor(six, [100_000, 100_000], { strides: [0, 0] }) }),
    /tensor 'a' has more values than the file/,
  ],
  ['a view beyond its storage', ordered({ a: tensor(six, [2, 3], { offset: 1 }) }), /tensor 'a' reaches beyond/],
  [
    'a storage that is too short',
    ordered({ a: tensor({ ...six, length: 7 }, [6]) }),
    /no values in the file|not as it should be/,
  ],
  [
    'complex numbers',
    ordered({ a: tensor({ ...six, type: 'ComplexFloatStorage' }, [6]) }),
    /'torch.ComplexFloatStorage'/,
  ],
])('%s: refused in one line', (_, value, pattern) => {
  for (const save of [saved, savedBefore]) {
    expect(() => parsePytorch(save(value), 'net.pt')).toThrow(UserError)
    expect(() => parsePytorch(save(value), 'net.pt')).toThrow(oneLine(pattern))
  }
})

test.each([
  ['nothing', Uint8Array.of(), /net.pt is no file of torch.save/],
  ['a text', new TextEncoder().encode('hello'), /net.pt is no file of torch.save: it is neither a zip/],
  ['another pickle', Uint8Array.of(0x80, 2, 0x4b, 1, 0x2e), /net.pt is a pickle that torch.save has not written/],
  ['a zip archive', writeZip(new Map([['a/data.txt', Uint8Array.of()]]), 'a.zip'), /net.pt is a zip archive/],
  [
    'TorchScript',
    writeZip(new Map(['a/data.pkl', 'a/constants.pkl'].map((name) => [name, Uint8Array.of()])), 'a.zip'),
    /net.pt is a program in TorchScript: save the state dictionary/,
  ],
])('%s is refused in one line', (_, bytes, pattern) => {
  expect(() => parsePytorch(bytes, 'net.pt')).toThrow(oneLine(pattern))
})

test('damaged files are read or refused', () => {
  const layers = { 'a.weight': tensor(six, [2, 3]), 'a.bias': parameter(tensor(doubleStorage('1', [0.1, 2]), [2])) }
  const count = tensor(storageOf('LongStorage', '2', new Uint8Array(8), 1), [])
  const good = new Map<string, Saved>([
    ['epoch', 3],
    ['state_dict', [ordered({ ...layers, count })]],
  ])
  const entries = [saved(good), archive].map((bytes) => [...readZip(bytes, 'net.pt')])
  const random = new Random(1, 'pytorch')
  /** With the checksums right, for these would hide everything else. */
  const damagedArchive = () => {
    const whole = entries[random.integer(2)]
    const [name, content] = whole[random.integer(whole.length)]
    return writeZip(new Map([...whole, [name, mutateBytes(random, content)]]), 'net.pt')
  }
  const old = [savedBefore(good), oldFile]
  let read = 0
  for (let i = 0; i < 6000; i++) {
    try {
      const bytes = i % 2 === 0 ? damagedArchive() : mutateBytes(random, old[random.integer(2)])
      networkOf('net.pt', parsePytorch(bytes, 'net.pt'))
      read++
    } catch (error) {
      if (!(error instanceof UserError)) throw new Error(`case ${i}: ${String(error)}`, { cause: error })
    }
  }
  expect(read).toBeGreaterThan(500)
})
