/** Puts mistakes in layers where they are in the file that the layers come from. */
import { UserError } from '../base/errors.ts'
import { LayerError } from '../model/layer-text.ts'

export interface LayersFile {
  readonly path: string
  /** Of each item. */
  readonly lines: readonly number[]
}

let file: LayersFile | undefined

/** From which file the layers of this command come. */
export const layersAreFrom = (from: LayersFile): void => void (file = from)

/** A mistake that only shows with the images has a line, too. */
export const located = (error: UserError): UserError =>
  file && error instanceof LayerError
    ? new UserError(`${file.path}, line ${file.lines[error.item]}: ${error.reason}`, { code: 'bad-file' })
    : error
