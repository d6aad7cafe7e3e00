/**
 * MAT-files of MATLAB 5 and later (until 7.2): their arrays of bytes. Other arrays are skipped.
 * Source: MAT-File Format, https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf
 */
import { Unzlib } from 'fflate'
import { type UserError, badFile } from '../base/errors.ts'
import { concatenate, toLatin1 } from './bytes.ts'

export interface ByteArray {
  readonly dimensions: readonly number[]
  /** The first index runs fastest. */
  readonly data: Uint8Array
}

const HEADER = 128
/** Types of elements. */
const [BYTES, MATRIX, COMPRESSED] = [2, 14, 15]
/** One array, uncompressed: beyond any data set here, and no file can exhaust memory. */
const MAX_BYTES = 2 ** 30
const PIECE = 2 ** 16

interface Element {
  readonly type: number
  readonly data: Uint8Array
}

/**
 * @param path the name of the file, for messages
 * @returns by name; data may be views of `bytes`
 * @throws UserError naming the file if it is none, or is damaged
 */
export function parseMat(bytes: Uint8Array, path: string): Map<string, ByteArray> {
  if (!toLatin1(bytes.subarray(0, 10)).startsWith('MATLAB 5.0') || bytes.length < HEADER) {
    throw badFile(`${path} is not a MAT-file of MATLAB 5: save it with 'save -v7'`)
  }
  const isLittle = toLatin1(bytes.subarray(126, 128)) === 'IM'
  const arrays = new Map<string, ByteArray>()
  for (const { type, data } of elementsOf(bytes.subarray(HEADER), isLittle, path)) {
    const [matrix] = type === COMPRESSED ? elementsOf(uncompress(data, path), isLittle, path) : [{ type, data }]
    if (matrix?.type !== MATRIX) continue
    const [, dimensions, name, values] = elementsOf(matrix.data, isLittle, path)
    if (!dimensions || !name || values?.type !== BYTES) continue
    const view = new DataView(dimensions.data.buffer, dimensions.data.byteOffset, dimensions.data.length)
    const sizes = Array.from({ length: Math.floor(view.byteLength / 4) }, (_, i) => view.getUint32(4 * i, isLittle))
    const label = toLatin1(name.data)
    if (sizes.reduce((a, b) => a * b, 1) !== values.data.length) {
      throw damaged(path, `'${label}' has ${values.data.length} values, not ${sizes.join(' × ')}`)
    }
    arrays.set(label, { dimensions: sizes, data: values.data })
  }
  return arrays
}

/** Elements one after another: a type, a size and the data, or all three in 8 bytes. */
function elementsOf(bytes: Uint8Array, isLittle: boolean, path: string): Element[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const elements: Element[] = []
  for (let at = 0; at + 8 <= bytes.length;) {
    const word = view.getUint32(at, isLittle)
    const isSmall = word >>> 16 !== 0
    const type = word & 0xffff
    const size = isSmall ? word >>> 16 : view.getUint32(at + 4, isLittle)
    const start = at + (isSmall ? 4 : 8)
    if (start + size > bytes.length || (isSmall && size > 4)) throw damaged(path, 'it is cut short')
    elements.push({ type, data: bytes.subarray(start, start + size) })
    // all but compressed ones are filled up to 8 bytes
    at = isSmall ? at + 8 : start + (type === COMPRESSED ? size : Math.ceil(size / 8) * 8)
  }
  return elements
}

function uncompress(data: Uint8Array, path: string): Uint8Array {
  const pieces: Uint8Array[] = []
  let size = 0
  const stream = new Unzlib((piece) => {
    pieces.push(piece)
    size += piece.length
    if (size > MAX_BYTES) throw new Error(`an array has more than ${MAX_BYTES} bytes`)
  })
  try {
    for (let at = 0; at < data.length; at += PIECE)
      stream.push(data.subarray(at, at + PIECE), at + PIECE >= data.length)
  } catch (error) {
    throw damaged(path, (error as Error).message)
  }
  return concatenate(pieces)
}

const damaged = (path: string, what: string): UserError => badFile(`${path} is damaged: ${what}: replace the file`)
