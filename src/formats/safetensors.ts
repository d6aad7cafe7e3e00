/**
 * The safetensors format: an 8-byte header length, a JSON header, raw little-endian values.
 * Files come from anywhere, so nothing in them is believed before it is checked: what the header says must
 * account for every byte of the file, once. Source: https://huggingface.co/docs/safetensors
 */
import { UserError, badFile } from '../base/errors.ts'
import { refuseForeign } from './foreign.ts'
import {
  type FloatType,
  type Tensor,
  type TensorFile,
  bfloat16,
  float16,
  float32,
  float64,
  readFloats,
  requireFinite,
} from './tensors.ts'

const METADATA = '__metadata__'
/** The reference implementation's limit. */
const MAX_HEADER_BYTES = 100_000_000

/** Types of floats. Values are little-endian. */
const floats: Record<string, FloatType> = { F64: float64, F32: float32, F16: float16, BF16: bfloat16 }
/** Bytes per value of the types that are no weights: integers and truth values. */
const integers: Record<string, number> = {
  ...{ I64: 8, U64: 8, I32: 4, U32: 4, I16: 2, U16: 2, I8: 1, U8: 1, BOOL: 1 },
}

/**
 * Reads and checks a whole safetensors file: floats exactly, of integers only the names.
 * @param path its name, for messages
 * @throws UserError naming the file, and the tensor where there is one, for anything that the format forbids, for
 *   other types of values, and for NaN and infinities
 */
export function parseSafetensors(bytes: Uint8Array, path: string): TensorFile {
  refuseForeign(bytes, path, 'safetensors')
  const refuse = (what: string) => badFile(`${path} is not a valid safetensors file: ${what}`)
  const { header, dataStart } = readHeader(bytes, refuse)
  const metadata = header[METADATA] ?? {}
  if (!isTexts(metadata)) throw refuse(`its ${METADATA} is not an object of texts`)

  const data = new DataView(bytes.buffer, bytes.byteOffset + dataStart, bytes.length - dataStart)
  const entries = Object.entries(header).filter(([name]) => name !== METADATA)
  const spans = entries.map(([name, value]) => readSpan(name, value, path, data.byteLength, refuse))
  // Before any value is read: overlapping tensors could make a small file fill the memory.
  requireContiguous(spans, data.byteLength, refuse)
  const tensors = new Map<string, Tensor>()
  for (const { name, shape, begin, length, type } of spans) {
    if (!type) continue
    const values = readFloats(data, begin, length, type, true)
    requireFinite(values, name, path)
    tensors.set(name, { shape, data: values })
  }
  const others = spans.flatMap(({ name, type }) => (type ? [] : [name]))
  return { metadata, tensors, ...(others.length > 0 && { integers: new Set(others) }) }
}

/**
 * A file of tensors as F32, or F64 where they need it, in the map's order.
 * @param path its name, for messages
 * @throws UserError if a tensor holds NaN or infinity
 * @throws UserError if a tensor's data does not fill its shape
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>>,
  path: string,
): Uint8Array {
  let end = 0
  const entries: [string, unknown][] = [[METADATA, metadata]]
  for (const [name, { shape, data }] of tensors) {
    if (name === METADATA) throw new UserError(`a tensor cannot be called ${METADATA}`)
    if (shape.reduce((a, b) => a * b, 1) !== data.length) {
      throw new UserError(`tensor '${name}': ${data.length} values do not fill the shape [${shape}]`)
    }
    requireFinite(data, name, `${path} was not written`)
    const dtype = data instanceof Float64Array ? 'F64' : 'F32'
    entries.push([name, { dtype, shape, data_offsets: [end, (end += data.byteLength)] }])
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)))
  // Spaces after the header align the values to 8 bytes, as the format asks of writers.
  const headerSize = Math.ceil(json.length / 8) * 8
  const bytes = new Uint8Array(8 + headerSize + end).fill(0x20, 8, 8 + headerSize)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, BigInt(headerSize), true)
  bytes.set(json, 8)
  let at = 8 + headerSize
  for (const { data } of tensors.values()) {
    const write = data instanceof Float64Array ? 'setFloat64' : 'setFloat32'
    for (let i = 0; i < data.length; i++, at += data.BYTES_PER_ELEMENT) view[write](at, data[i], true)
  }
  return bytes
}

type Refuse = (what: string) => UserError

function readHeader(bytes: Uint8Array, refuse: Refuse): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.length === 0) throw refuse('it is empty')
  if (bytes.length < 8) throw refuse(`it has only ${bytes.length} bytes: is it cut short?`)
  const size = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)
  if (size > MAX_HEADER_BYTES) throw refuse(`its first 8 bytes promise a header of ${size} bytes`)
  const dataStart = 8 + Number(size)
  if (dataStart > bytes.length) {
    throw refuse(`its header should have ${size} bytes, but only ${bytes.length - 8} follow: is it cut short?`)
  }
  let text: string
  let json: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, dataStart))
    json = JSON.parse(text)
  } catch {
    throw refuse('its header is not JSON')
  }
  if (!isObject(json)) throw refuse('its header is not a JSON object')
  const twice = repeatedKey(text)
  if (twice !== undefined) throw refuse(`its header has '${twice}' twice`)
  return { header: json, dataStart }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isTexts = (value: unknown): value is Record<string, string> =>
  isObject(value) && Object.values(value).every((text) => typeof text === 'string')

interface Span {
  readonly name: string
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
  /** Number of values. */
  readonly length: number
  /** Undefined for integers. */
  readonly type: FloatType | undefined
}

/** What a header says of a tensor; what is wrong with it, if its fields are not those of the format. */
function readEntry(value: unknown): (Pick<Span, 'shape' | 'begin' | 'end'> & { readonly dtype: string }) | string {
  if (!isObject(value)) return 'it is not an object'
  const { dtype, shape, data_offsets: offsets, ...others } = value
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) return `the format has no field '${unknown}'`
  if (typeof dtype !== 'string') return "'dtype' is not a text"
  if (!isIntegers(shape) || shape.some((size) => size < 0)) return "'shape' is not a list of sizes"
  if (!isIntegers(offsets) || offsets.length !== 2) return "'data_offsets' are not two integers"
  return { dtype, shape, begin: offsets[0], end: offsets[1] }
}

const isIntegers = (value: unknown): value is number[] => Array.isArray(value) && value.every(Number.isSafeInteger)

/** One entry of the header, checked against itself and against the `size` of the data in bytes. */
function readSpan(name: string, value: unknown, path: string, size: number, refuse: Refuse): Span {
  const entry = readEntry(value)
  if (typeof entry === 'string') throw refuse(`tensor '${name}' is described wrongly: ${entry}`)
  const { dtype, shape, begin, end } = entry
  const type = Object.hasOwn(floats, dtype) ? floats[dtype] : undefined
  const bytes = type?.bytes ?? (Object.hasOwn(integers, dtype) ? integers[dtype] : undefined)
  if (bytes === undefined) {
    throw badFile(`${path}: tensor '${name}' is of type ${dtype}: only F32, F64, F16, BF16 are read as weights`)
  }
  if (begin < 0 || end < begin || end > size) {
    throw refuse(`tensor '${name}' lies at bytes ${begin} to ${end} of ${size}: is the file cut short?`)
  }
  const length = shape.reduce((a, b) => a * b, 1)
  if (length * bytes !== end - begin) {
    throw refuse(`tensor '${name}' of shape [${shape}] needs ${length * bytes} bytes, but has ${end - begin}`)
  }
  return { name, shape, begin, end, length, type }
}

/** The values must follow each other without gap or overlap, and end with the file. */
function requireContiguous(spans: readonly Span[], size: number, refuse: Refuse): void {
  let at = 0
  for (const { name, begin, end } of spans.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin < at) throw refuse(`tensor '${name}' overlaps another`)
    if (begin > at) throw refuse(`${begin - at} bytes before tensor '${name}' belong to none`)
    at = end
  }
  if (at < size) throw refuse(`its last ${size - at} bytes belong to no tensor`)
}

/** A key that an object of this valid JSON text has twice, of which JSON.parse would keep only the last value. */
function repeatedKey(json: string): string | undefined {
  const open: Set<string>[] = []
  const colon = /\s*:/y
  for (let i = 0; i < json.length; i++) {
    const character = json[i]
    if (character === '{' || character === '[') open.push(new Set())
    else if (character === '}' || character === ']') open.pop()
    else if (character === '"') {
      const start = i
      do i += json[i] === '\\' ? 2 : 1
      while (json[i] !== '"')
      colon.lastIndex = i + 1
      if (!colon.test(json)) continue
      const key = JSON.parse(json.slice(start, i + 1)) as string
      if (open.at(-1)!.has(key)) return key
      open.at(-1)!.add(key)
    }
  }
  return undefined
}
