/** Tensors in safetensors files. */
import { encodeSafetensors, parseSafetensors } from '../formats/safetensors.ts'
import type { Tensor, TensorFile } from '../formats/tensors.ts'
import { readWholeFile, writeFileAtomic } from './atomic.ts'

/** Reads and checks a whole file, as `parseSafetensors` does. @throws UserError also if it cannot be read */
export const readSafetensors = (path: string): TensorFile => parseSafetensors(readWholeFile(path), path)

/**
 * Writes tensors as F32, or F64 where they need it, in the map's order, atomically.
 * @throws UserError if the file cannot be written, or if a tensor holds NaN or infinity (nothing is then written)
 * @throws UserError if a tensor's data does not fill its shape
 */
export const writeSafetensors = (
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): void => writeFileAtomic(path, encodeSafetensors(tensors, metadata, path))
