/** The networks that training starts from, by the files or folders that hold them. */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../base/errors.ts'
import type { NetworkOptions } from '../../formats/any-network.ts'
import { architectureText } from '../../model/architectures.ts'
import type { Architecture, Network } from '../../model/network.ts'
import { takeImages } from '../../model/normalise.ts'
import type { Start } from '../../training/start.ts'
import { loadAnyNetwork } from '../any-network.ts'

/**
 * Reads the networks that the setting `start` names: what has weights of 64 bits starts from the nearest ones of 32 bits.
 * @param start for one learner a network's file or a run's folder, of which it takes `best.safetensors`, or
 *   `f.safetensors` if nothing was chosen there; for a pair the folder of a pair, of which f takes f and g takes g, or two
 *   with a comma between them, each of which is for one learner
 * @param learners their names: ['f'], or ['f', 'g']
 * @param architecture that of the run, which is also that of files that do not say what they hold
 * @returns one for each learner
 * @throws UserError naming the file, if it is missing or damaged, or its network is not made of our layers
 */
export const readStarts = (start: string, learners: readonly string[], architecture: Architecture): Start[] =>
  networkFiles(start, learners).map((path) => {
    const { input } = architecture
    const network = trainable(path, { architecture: architectureText(architecture), input })
    return { name: path, network: takeImages(network, input) }
  })

/**
 * The architecture of a run that starts from networks and is given none: that of the first of them, as a text.
 * @throws UserError as `readStarts`, or if the file does not say what it holds
 */
export function architectureOfStart(start: string): string {
  const [first] = start.split(',').map((path) => path.trim()) as [string]
  return architectureText(trainable(isFolder(first) ? chosenOf(first) : first).architecture)
}

function trainable(path: string, options: NetworkOptions = {}): Network {
  const { rounded, misfit } = loadAnyNetwork(path, options)
  if (!rounded) throw new UserError(`${path} cannot be trained: ${misfit}`)
  return rounded
}

/** One file per learner. */
function networkFiles(start: string, learners: readonly string[]): string[] {
  const given = start.split(',').map((path) => path.trim())
  const [first] = given as [string]
  if (given.length === learners.length) return given.map((path) => (isFolder(path) ? chosenOf(path) : path))
  if (learners.length === 1)
    throw new UserError(`start is '${start}': only methods robustra and orthogonal train two networks`)
  if (given.length === 1 && isFolder(first)) return learners.map((name) => networkIn(first, name))
  throw new UserError(
    `start is '${start}', but a pair needs two networks: give the folder of a pair, two networks separated by a comma, or ` +
      'a method that trains one network, such as lp-dual',
  )
}

const isFolder = (path: string) => existsSync(path) && statSync(path).isDirectory()

/** What a run offers as its result. */
const chosenOf = (folder: string) =>
  existsSync(join(folder, 'best.safetensors')) ? networkIn(folder, 'best') : networkIn(folder, 'f')

function networkIn(folder: string, name: string): string {
  const path = join(folder, `${name}.safetensors`)
  if (existsSync(path)) return path
  throw new UserError(
    `${folder} has no ${name}.safetensors: start from a run that has finished an epoch, or from a file`,
  )
}
