/** What the pickles of PyTorch may name: tensors, the storages that they view, and a few plain objects beside them. */
import { type UserError, badFile } from '../base/errors.ts'
import { fromLatin1 } from './bytes.ts'
import { OPAQUE, type PickleNames } from './pickle.ts'
import { type FloatType, bfloat16, float16, float32, float64 } from './tensors.ts'

/** How the values of a storage are stored. */
interface ElementType {
  readonly bytes: number
  /** Undefined for integers and truth values, which are no weights. */
  readonly float?: FloatType
}

const elements: Readonly<Record<string, ElementType>> = {
  ...{ FloatStorage: { bytes: 4, float: float32 }, DoubleStorage: { bytes: 8, float: float64 } },
  ...{ HalfStorage: { bytes: 2, float: float16 }, BFloat16Storage: { bytes: 2, float: bfloat16 } },
  ...{ LongStorage: { bytes: 8 }, IntStorage: { bytes: 4 }, ShortStorage: { bytes: 2 } },
  ...{ CharStorage: { bytes: 1 }, ByteStorage: { bytes: 1 }, BoolStorage: { bytes: 1 } },
}

/** Values that lie elsewhere in the file. */
export class Storage {
  readonly element: ElementType
  readonly key: string
  /** Number of values. */
  readonly length: number

  constructor(element: ElementType, key: string, length: number) {
    this.element = element
    this.key = key
    this.length = length
  }
}

/** A view of a storage. */
export class TorchTensor {
  readonly storage: Storage
  /** Where in the storage its first value lies. */
  readonly offset: number
  readonly shape: readonly number[]
  /** How many values of the storage lie between neighbours, along each axis. */
  readonly strides: readonly number[]

  constructor(storage: Storage, offset: number, { shape, strides }: Pick<TorchTensor, 'shape' | 'strides'>) {
    this.storage = storage
    this.offset = offset
    this.shape = shape
    this.strides = strides
  }
}

/** The most axes that a tensor of PyTorch has. */
const MAX_RANK = 64

/** Scalars of NumPy, devices, and what the states of schedulers hold: no weights. */
const scalars = [
  ...['numpy.core.multiarray scalar', 'numpy._core.multiarray scalar', 'numpy dtype', 'torch device'],
  ...['collections Counter', '__builtin__ set', 'builtins set'],
]
/** Types of numbers. */
const numbers = ['float64', 'float32', 'float16', 'bfloat16', 'int64', 'int32', 'int16', 'int8', 'uint8', 'bool']

/**
 * What pickles may name, and what the ids of their persistent objects mean.
 * @param path the file, for messages
 */
export function torchObjects(path: string): {
  readonly names: PickleNames
  readonly persistent: (id: unknown) => Storage
} {
  const refuse = (what: string) => badFile(`${path} is damaged: ${what}`)
  const first = ([value]: readonly unknown[]) => value
  const tensor = ([storage, offset, shape, strides]: readonly unknown[]) => {
    if (!(storage instanceof Storage)) throw refuse('a tensor has no storage')
    if (!isSize(offset) || !isSizes(shape) || !isSizes(strides) || shape.length !== strides.length) {
      throw refuse('a tensor is described wrongly')
    }
    return new TorchTensor(storage, offset, { shape, strides })
  }
  return {
    names: new Map<string, unknown>([
      ...['torch._utils _rebuild_tensor_v2', 'torch._utils _rebuild_tensor'].map((name) => [name, tensor] as const),
      ['torch._utils _rebuild_parameter', first],
      ['torch._utils _rebuild_parameter_with_state', first],
      ['torch Size', first],
      // Python 2 gives the entries as pairs
      ['collections OrderedDict', ([pairs = []]: readonly unknown[]) => mapOf(pairs, refuse)],
      // how protocol 2 writes bytes
      ['_codecs encode', ([text]: readonly unknown[]) => (typeof text === 'string' ? fromLatin1(text) : OPAQUE)],
      ...scalars.map((name) => [name, () => OPAQUE] as const),
      ...numbers.map((name) => [`torch ${name}`, OPAQUE] as const),
      ...Object.entries(elements).map(([name, element]) => [`torch ${name}`, element] as const),
    ]),
    persistent: (id) => {
      const [kind, element, key, , length] = Array.isArray(id) ? (id as unknown[]) : []
      const known = Object.values(elements).find((one) => one === element)
      if (kind !== 'storage' || !known || typeof key !== 'string' || !isSize(length)) {
        throw refuse('a storage is described wrongly')
      }
      return new Storage(known, key, length)
    },
  }
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length <= MAX_RANK && value.every(isSize)

function mapOf(pairs: unknown, refuse: (what: string) => UserError): Map<unknown, unknown> {
  if (!Array.isArray(pairs) || !pairs.every((pair) => Array.isArray(pair) && pair.length === 2)) {
    throw refuse('a dictionary is described wrongly')
  }
  return new Map(pairs as [unknown, unknown][])
}
