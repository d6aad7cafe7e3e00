/** Files as `torch.save` writes them, opcode by opcode, for tests: nothing of PyTorch can be run here. */
import { concatenate, fromLatin1 } from './bytes.ts'
import { writeZip } from './zip.ts'

/** The values of tensors, as they lie in the file. */
export interface SavedStorage {
  readonly type: string
  readonly key: string
  readonly length: number
  readonly bytes: Uint8Array
}

/** What tests save: arrays are lists, Maps are dictionaries. */
export type Saved = null | boolean | number | string | readonly Saved[] | ReadonlyMap<string, Saved> | Made

interface Made {
  readonly make: (write: Writer) => void
}

const ascii = (text: string) => [...fromLatin1(text)]
const uint32 = (value: number) => [...new Uint8Array(Uint32Array.of(value).buffer)]

export class Writer {
  readonly bytes: number[] = [0x80, 2]
  readonly storages = new Map<string, SavedStorage>()
  readonly #memo = new Map<string, number>()
  #count = 0

  op(...bytes: readonly number[]): this {
    this.bytes.push(...bytes)
    return this
  }

  /** BINPUT, which follows every object. */
  memoise(): number {
    const index = this.#count++
    if (index < 256) this.op(0x71, index)
    else this.op(0x72, ...uint32(index))
    return index
  }

  /** GLOBAL, or BINGET the second time. */
  global(module: string, name: string): this {
    const key = `${module} ${name}`
    const known = this.#memo.get(key)
    if (known !== undefined) return known < 256 ? this.op(0x68, known) : this.op(0x6a, ...uint32(known))
    this.op(0x63, ...ascii(`${module}\n${name}\n`))
    this.#memo.set(key, this.memoise())
    return this
  }

  value(value: Saved): this {
    if (value === null) return this.op(0x4e)
    if (typeof value === 'boolean') return this.op(value ? 0x88 : 0x89)
    if (typeof value === 'string') {
      const text = new TextEncoder().encode(value)
      this.op(0x58, ...uint32(text.length), ...text).memoise()
      return this
    }
    if (typeof value === 'number') return this.#number(value)
    if ('make' in value) {
      value.make(this)
      return this
    }
    if (value instanceof Map) {
      this.op(0x7d).memoise()
      return this.items(value as ReadonlyMap<string, Saved>)
    }
    this.op(0x5d).memoise()
    this.op(0x28)
    for (const one of value as readonly Saved[]) this.value(one)
    return this.op(0x65)
  }

  /** MARK, keys and values, SETITEMS. */
  items(map: ReadonlyMap<string, Saved>): this {
    if (map.size === 0) return this
    this.op(0x28)
    for (const [key, value] of map) this.value(key).value(value)
    return this.op(0x75)
  }

  tuple(values: readonly Saved[]): this {
    if (values.length === 0) return this.op(0x29)
    if (values.length > 3) this.op(0x28)
    for (const value of values) this.value(value)
    this.op(values.length > 3 ? 0x74 : 0x84 + values.length).memoise()
    return this
  }

  #number(value: number): this {
    if (!Number.isInteger(value)) {
      const view = new DataView(new ArrayBuffer(8))
      view.setFloat64(0, value)
      return this.op(0x47, ...new Uint8Array(view.buffer))
    }
    if (value >= 0 && value < 256) return this.op(0x4b, value)
    if (value >= 0 && value < 65536) return this.op(0x4d, value & 255, value >> 8)
    return this.op(0x4a, ...uint32(value))
  }
}

/** `collections.OrderedDict`, with the attribute `_metadata` that state dictionaries have. */
export const ordered = (entries: Readonly<Record<string, Saved>>): Made => ({
  make: (to) => {
    to.global('collections', 'OrderedDict').op(0x29, 0x52).memoise()
    to.items(new Map(Object.entries(entries)))
      .value(new Map([['_metadata', new Map([['version', 1]])]]))
      .op(0x62)
  },
})

const [setFloat32, setFloat64] = (['setFloat32', 'setFloat64'] as const).map(
  (set, i) => (values: readonly number[]) => {
    const view = new DataView(new ArrayBuffer(values.length * 4 * (i + 1)))
    values.forEach((value, at) => view[set](at * 4 * (i + 1), value, true))
    return new Uint8Array(view.buffer)
  },
) as [(values: readonly number[]) => Uint8Array, (values: readonly number[]) => Uint8Array]

export const floatStorage = (key: string, values: readonly number[]): SavedStorage => ({
  ...{ type: 'FloatStorage', key, length: values.length, bytes: setFloat32(values) },
})
export const doubleStorage = (key: string, values: readonly number[]): SavedStorage => ({
  ...{ type: 'DoubleStorage', key, length: values.length, bytes: setFloat64(values) },
})

export interface View {
  readonly offset?: number
  readonly strides?: readonly number[]
}

/** `torch._utils._rebuild_tensor_v2`: row by row if nothing else is said. */
export const tensor = (storage: SavedStorage, shape: readonly number[], view: View = {}): Made => ({
  make: (to) => {
    const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1))
    to.storages.set(storage.key, storage)
    to.global('torch._utils', '_rebuild_tensor_v2').op(0x28)
    to.op(0x28).value('storage').global('torch', storage.type)
    to.value(storage.key).value('cpu').value(storage.length).op(0x74).memoise()
    to.op(0x51)
      .value(view.offset ?? 0)
      .tuple(shape)
    to.tuple(view.strides ?? strides).value(false)
    to.global('collections', 'OrderedDict').op(0x29, 0x52).memoise()
    to.op(0x74).memoise()
    to.op(0x52).memoise()
  },
})

/** Calls that PyTorch makes, or that nobody should. */
export const call = (module: string, name: string, ...args: readonly Saved[]): Made => ({
  make: (to) => void to.global(module, name).tuple(args).op(0x52).memoise(),
})

/** `torch.nn.Parameter` of a tensor. */
export const parameter = (of: Made): Made => call('torch._utils', '_rebuild_parameter', of, true, ordered({}))

function written(value: Saved): Writer {
  return new Writer().value(value).op(0x2e)
}

/** The archive of PyTorch 1.6 and later. It has a directory of zip64, too, which repeats what the other one says. */
export function saved(value: Saved, byteorder = 'little'): Uint8Array {
  const { bytes, storages } = written(value)
  const archive = writeZip(
    new Map([
      ['net/data.pkl', Uint8Array.from(bytes)],
      ['net/byteorder', fromLatin1(byteorder)],
      ...[...storages.values()].map(({ key, bytes }): [string, Uint8Array] => [`net/data/${key}`, bytes]),
      ['net/version', fromLatin1('3\n')],
    ]),
    'net.pt',
  )
  const end = archive.length - 22
  const zip64 = Uint8Array.of(
    ...uint32(0x06064b50),
    44,
    ...new Uint8Array(51),
    ...uint32(0x07064b50),
    ...new Uint8Array(16),
  )
  return concatenate([archive.subarray(0, end), zip64, archive.subarray(end)])
}

/** What earlier ones wrote. */
export function savedBefore(value: Saved): Uint8Array {
  const { bytes, storages } = written(value)
  const keys = [...storages.keys()].toSorted()
  const magic = [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]
  const machine = new Map<string, Saved>([
    ['protocol_version', 1001],
    ['little_endian', true],
  ])
  const parts = [[0x80, 2, ...magic, 0x2e], new Writer().value(1001).op(0x2e).bytes, written(machine).bytes, bytes]
  return concatenate([
    ...[...parts, written(keys).bytes].map((part) => Uint8Array.from(part)),
    ...keys.flatMap((key) => {
      const { length, bytes } = storages.get(key)!
      return [new Uint8Array(BigUint64Array.of(BigInt(length)).buffer), bytes]
    }),
  ])
}
