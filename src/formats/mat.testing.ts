/** MAT-files for tests. */
import { zlibSync } from 'fflate'
import { concatenate, fromLatin1 } from './bytes.ts'

function element(type: number, data: Uint8Array, isLittle: boolean): Uint8Array {
  const bytes = new Uint8Array(8 + (type === 15 ? data.length : Math.ceil(data.length / 8) * 8))
  const view = new DataView(bytes.buffer)
  view.setUint32(0, type, isLittle)
  view.setUint32(4, data.length, isLittle)
  bytes.set(data, 8)
  return bytes
}

/** Data of up to 4 bytes in the tag itself. */
function small(type: number, data: Uint8Array, isLittle: boolean): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setUint32(0, (data.length << 16) | type, isLittle)
  bytes.set(data, 4)
  return bytes
}

function longs(values: readonly number[], isLittle: boolean): Uint8Array {
  const bytes = new Uint8Array(4 * values.length)
  const view = new DataView(bytes.buffer)
  values.forEach((value, i) => view.setUint32(4 * i, value, isLittle))
  return bytes
}

export interface MatArray {
  readonly name: string
  readonly dimensions: readonly number[]
  readonly data: Uint8Array
}

/** A file as MATLAB 7 writes it: each array compressed; or as MATLAB 6 does. */
export function matOf(arrays: readonly MatArray[], { isCompressed = true, isLittle = true } = {}): Uint8Array {
  const header = new Uint8Array(128).fill(32)
  header.set(fromLatin1('MATLAB 5.0 MAT-file, for a test'))
  header.set(fromLatin1(isLittle ? '\0\x01IM' : '\x01\0MI'), 124)
  const matrices = arrays.map(({ name, dimensions, data }) => {
    const flags = element(6, longs([9, 0], isLittle), isLittle)
    const label = (name.length <= 4 ? small : element)(1, fromLatin1(name), isLittle)
    const values = element(2, data, isLittle)
    return element(14, concatenate([flags, element(5, longs(dimensions, isLittle), isLittle), label, values]), isLittle)
  })
  return concatenate([header, ...matrices.map((m) => (isCompressed ? element(15, zlibSync(m), isLittle) : m))])
}
