/** What commands say about the network that they read. */
import { Option } from 'commander'
import { UserError } from '../base/errors.ts'
import type { AnyNetwork } from '../formats/any-network.ts'
import type { Shape } from '../model/layers.ts'
import { readArchitecture } from './architecture.ts'

/** For the help of commands. */
export const networkFiles = 'a .safetensors, .onnx, .npz or .pt file'

export const architectureOption = () =>
  new Option(
    '--architecture <layers>',
    'for a network that does not say it, as in a .pt file: a name, or its layers, or a .toml or .json file of them',
  ).argParser(readArchitecture)

/** For commands without a data set. */
export const inputOption = () =>
  new Option(
    '--input <shape>',
    'the images that the architecture takes: channels, height and width, 1x28x28',
  ).argParser(parseShape)

/** @throws UserError if an architecture was given for a file that says its own */
export function checkArchitecture(
  path: string,
  architecture: string | undefined,
  { architectureFrom }: Pick<AnyNetwork, 'architectureFrom'>,
): void {
  if (architecture === undefined || architectureFrom === 'given') return
  throw new UserError(`${path} says itself which layers it has: leave out --architecture`)
}

function parseShape(text: string): Shape {
  const sizes = text.split(/[x×]/).map(Number)
  const [channels, height = 1, width = 1] = sizes
  if (![1, 3].includes(sizes.length) || !sizes.every((size) => Number.isSafeInteger(size) && size > 0)) {
    throw new UserError(`--input is '${text}': it must be channels x height x width, such as 1x28x28, or one number`)
  }
  return { channels, height, width }
}
