/** Arrays of NumPy for tests. */
import { concatenate, fromLatin1 } from './bytes.ts'
import { writeZip } from './zip.ts'

/** A .npy file of version 1 in the order of C. @param type as NumPy writes it: '|u1', '<i8' */
export function npyOf(type: string, shape: readonly number[], values: ArrayBufferView): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': ${tuple}, }\n`
  const start = Uint8Array.of(0x93, ...fromLatin1('NUMPY'), 1, 0, header.length, header.length >> 8)
  return concatenate([start, fromLatin1(header), new Uint8Array(values.buffer, values.byteOffset, values.byteLength)])
}

export const npzOf = (arrays: Readonly<Record<string, Uint8Array>>): Uint8Array =>
  writeZip(new Map(Object.entries(arrays).map(([name, bytes]) => [`${name}.npy`, bytes])), 'a.npz')
