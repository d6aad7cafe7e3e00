/** Pictures in files. */
import { encodePng } from '../formats/png.ts'
import type { Shape } from '../model/layers.ts'
import { writeFileAtomic } from './atomic.ts'

/** Writes `encodePng`'s picture. @throws UserError if the file cannot be written */
export function writePng(path: string, shape: Shape, values: ArrayLike<number>, scale = 1): void {
  writeFileAtomic(path, encodePng(shape, values, scale))
}
