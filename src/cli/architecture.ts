/** Architectures on the command line: a known name, layers, or a file with them. */
import { UserError } from '../base/errors.ts'
import { parseArchitectureFile } from '../formats/architecture-file.ts'
import { decodeText } from '../formats/foreign.ts'
import { layerUsages } from '../model/layer-text.ts'
import { readWholeFile } from '../node/atomic.ts'
import { layersAreFrom } from './located.ts'

/** For the help of commands. */
export const layersHelp = [
  'Layers, separated by commas; (A + B), or (A + identity), is a residual sum:',
  ...layerUsages,
].join('\n  ')

export const isArchitectureFile = (given: string): boolean => /\.(toml|json)$/i.test(given.trim())

/**
 * The text of an architecture, which `architectureOf` takes.
 * @throws UserError if it is a file that cannot be read, with the line of what is wrong in it
 */
export function readArchitecture(given: string): string {
  if (/\.(safetensors|onnx|npz|pth?)$/i.test(given)) {
    throw new UserError(`${given} is a network, not an architecture: robustra info ${given} prints the one that it has`)
  }
  if (!isArchitectureFile(given)) return given.trim().replaceAll(/\s+/g, ' ')
  const { text, lines } = parseArchitectureFile(decodeText(readWholeFile(given), given), given)
  layersAreFrom({ path: given, lines })
  return text
}
