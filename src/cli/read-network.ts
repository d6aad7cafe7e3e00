/** The network that a command is about, where no data set says which images it takes. */
import { UserError } from '../base/errors.ts'
import type { AnyNetwork } from '../formats/any-network.ts'
import type { Shape } from '../model/layers.ts'
import { loadAnyNetwork } from '../node/any-network.ts'
import { checkArchitecture } from './network-options.ts'

export interface NetworkFlags {
  readonly output?: string
  readonly architecture?: string
  readonly input?: Shape
}

/** @throws UserError as `loadAnyNetwork`, or if a flag is for other files than this one */
export function readNetwork(path: string, flags: NetworkFlags): AnyNetwork {
  if (flags.input && flags.architecture === undefined)
    throw new UserError('--input is for --architecture: give both, or leave both out')
  const { output, architecture, input } = flags
  const network = loadAnyNetwork(path, { output, architecture, input })
  checkArchitecture(path, architecture, network)
  return network
}
