/**
 * Files of `torch.save`: the zip archive that PyTorch writes since 1.6 (2020), and what it wrote before, pickles with the
 * values of the storages behind them. Of what they hold, the state dictionary of one network is read, and nothing is run.
 * Source: https://github.com/pytorch/pytorch/blob/main/torch/serialization.py
 */
import { badFile } from '../base/errors.ts'
import { refuseForeign } from './foreign.ts'
import { type PickleReader, readPickle } from './pickle.ts'
import { type Storage, TorchTensor, torchObjects } from './pytorch-objects.ts'
import { stateDictionary } from './state-dictionary.ts'
import { type Tensor, type TensorFile, narrowest, requireFinite } from './tensors.ts'
import { readZip } from './zip.ts'

/** What old files begin with, as a pickle. */
const MAGIC = 0x1950a86a20f9469cfc6cn
const PROTOCOL = 1001

/** A file, of which the values are not read yet. */
interface Saved {
  readonly value: unknown
  /** The bytes of each storage, by its key. */
  readonly storages: ReadonlyMap<string, Uint8Array>
  readonly littleEndian: boolean
}

/**
 * The state dictionary in a file: tensors of floats exactly, of those of integers only the names. A dictionary that holds
 * it under 'state_dict', 'model' and the like is taken for it, a list of one, too; what all names begin with, such as
 * 'module.', is left out.
 * @param path its name, for messages
 * @returns tensors in the order in which the network defines them
 * @throws UserError naming the file, and the tensor where there is one, if it is damaged, holds objects of Python, no or
 *   several state dictionaries, or NaN and infinities
 */
export function parsePytorch(bytes: Uint8Array, path: string): TensorFile {
  refuseForeign(bytes, path, 'pt')
  const saved = bytes[0] === 0x80 ? readPickles(bytes, path) : readArchive(bytes, path)
  // an expanded view has more values than the file
  let left = bytes.length + 2 ** 20
  const tensors = new Map<string, Tensor>()
  const integers = new Set<string>()
  for (const [name, tensor] of stateDictionary(saved.value, path)) {
    if (!tensor.storage.element.float) {
      integers.add(name)
      continue
    }
    left -= sizeOf(tensor)
    if (!(left >= 0)) throw badFile(`${path}: tensor '${name}' has more values than the file: save a clone of it`)
    const data = valuesOf(tensor, saved, `${path}: tensor '${name}'`)
    requireFinite(data, name, path)
    tensors.set(name, { shape: tensor.shape, data })
  }
  return { metadata: {}, tensors, inOrder: true, ...(integers.size > 0 && { integers }) }
}

const sizeOf = ({ shape }: TorchTensor) => shape.reduce((a, b) => a * b, 1)

function readArchive(bytes: Uint8Array, path: string): Saved {
  if (bytes[0] !== 0x50) throw badFile(`${path} is no file of torch.save: it is neither a zip archive nor a pickle`)
  const entries = readZip(bytes, path)
  const pickle = [...entries.keys()].find((name) => name.endsWith('/data.pkl'))
  if (pickle === undefined) throw badFile(`${path} is no file of torch.save: it has no data.pkl`)
  const folder = pickle.slice(0, -'data.pkl'.length)
  if (entries.has(`${folder}constants.pkl`))
    throw badFile(
      `${path} is a program in TorchScript: save the state dictionary, torch.save(model.state_dict(), file)`,
    )
  const order = entries.get(`${folder}byteorder`)
  const { value } = readPickle(entries.get(pickle)!, readerFor(path))
  const storages = new Map<string, Uint8Array>()
  for (const [name, content] of entries) {
    if (name.startsWith(`${folder}data/`)) storages.set(name.slice(folder.length + 'data/'.length), content)
  }
  return { value, storages, littleEndian: order === undefined || new TextDecoder().decode(order) === 'little' }
}

/** Magic number, version, what kind of machine wrote it, the object, the keys of storages, and these. */
function readPickles(bytes: Uint8Array, path: string): Saved {
  const reader = readerFor(path)
  const storages = new Map<string, Storage>()
  const persistent = (id: unknown) => {
    const storage = torchObjects(path).persistent(id)
    storages.set(storage.key, storage)
    return storage
  }
  let at = 0
  const next = (how: PickleReader = reader) => {
    const { value, end } = readPickle(bytes, how, at)
    at = end
    return value
  }
  if (next() !== MAGIC || next() !== PROTOCOL)
    throw badFile(`${path} is a pickle that torch.save has not written: save with torch.save(model.state_dict(), file)`)
  const machine = next()
  const value = next({ ...reader, persistent })
  const keys = next()
  if (!Array.isArray(keys)) throw badFile(`${path} is damaged: it does not list its storages`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const found = new Map<string, Uint8Array>()
  for (const key of keys as unknown[]) {
    const storage = storages.get(key as string)
    const size = storage && storage.length * storage.element.bytes
    if (size === undefined || size > bytes.length - at - 8 || view.getBigUint64(at, true) !== BigInt(storage!.length)) {
      throw badFile(`${path} is damaged or cut short: storage '${String(key).slice(0, 40)}' is not as it should be`)
    }
    found.set(storage!.key, bytes.subarray(at + 8, at + 8 + size))
    at += 8 + size
  }
  const littleEndian = !(machine instanceof Map) || machine.get('little_endian') !== false
  return { value, storages: found, littleEndian }
}

const readerFor = (path: string): PickleReader => ({ ...torchObjects(path), path })

/** The values that a view sees, row by row. @param what the file and the tensor, for messages */
function valuesOf({ storage, offset, shape, strides }: TorchTensor, saved: Saved, what: string): Tensor['data'] {
  const float = storage.element.float!
  const bytes = saved.storages.get(storage.key)
  const size = shape.reduce((a, b) => a * b, 1)
  const last = shape.reduce((at, length, axis) => at + (length - 1) * strides[axis], offset)
  if (bytes?.length !== storage.length * float.bytes) throw badFile(`${what} has no values in the file: is it damaged?`)
  if (size > 0 && last >= storage.length) throw badFile(`${what} reaches beyond its values: is the file damaged?`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const values = float.bytes === 8 ? new Float64Array(size) : new Float32Array(size)
  const index = shape.map(() => 0)
  let from = offset
  for (let to = 0; to < size; to++) {
    values[to] = float.read(view, from * float.bytes, saved.littleEndian)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]
      if (++index[axis] < shape[axis]) break
      from -= strides[axis] * shape[axis]
      index[axis] = 0
    }
  }
  return narrowest(values)
}
