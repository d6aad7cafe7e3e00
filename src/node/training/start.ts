/** Networks that training starts from, instead of random weights. */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { loadAnyNetwork } from '../any-network.ts'
import type { Architecture } from '../../model/network.ts'
import type { Learner } from '../../training/learner.ts'

/**
 * Puts learners where other networks are. The optimiser starts afresh.
 * @param start the setting of that name: for one learner a network's file or a run's folder, of which it takes
 *   `best.safetensors`, or `f.safetensors` if nothing was chosen there; for a pair the folder of a pair, of which f takes f
 *   and g takes g, or two by a comma, each of which is for one learner. A pair never starts from one network: f, with itself
 *   as the reference, has no positive transition points (Section 5.4), so both would be trained as by 'lp-dual'.
 * @throws UserError naming the file, if it is missing, damaged, or of another architecture than the run's
 */
export function startFrom(start: string, learners: readonly Learner[], architecture: Architecture): void {
  const paths = networkFiles(start, learners)
  learners.forEach(({ name, state }, i) => state.parameters.set(parametersOf(paths[i], name, architecture)))
  const [f, g] = learners.map(({ state }) => state.parameters)
  if (g && f!.every((value, i) => value === g[i])) {
    throw new UserError(`${paths.join(' and ')} are the same network: the networks of a pair must differ, see --start`)
  }
}

/** One file per learner. */
function networkFiles(start: string, learners: readonly Learner[]): string[] {
  const given = start.split(',').map((path) => path.trim())
  const [first] = given as [string]
  if (given.length === learners.length) return given.map((path) => (isFolder(path) ? chosenOf(path) : path))
  if (learners.length === 1)
    throw new UserError(`start is '${start}': methods robustra and orthogonal alone train two networks`)
  if (given.length === 1 && isFolder(first)) return learners.map(({ name }) => networkIn(first, name))
  throw new UserError(
    `start is '${start}', but a pair needs two networks: give the folder of a pair, or two networks separated by a comma`,
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

function parametersOf(path: string, learner: string, architecture: Architecture): Float32Array {
  const { network, misfit } = loadAnyNetwork(path)
  if (!network) throw new UserError(`${path} cannot be trained: ${misfit}`)
  if (formOf(network.architecture) !== formOf(architecture)) {
    throw new UserError(
      `${path} holds '${network.architecture.name}', which has other layers than ${architecture.name}: ` +
        `choose another architecture, or another network for ${learner} to start from`,
    )
  }
  return network.parameters
}

/**
 * What two architectures share if the parameters of one mean the same in the other. Names do not matter; numbers of the
 * normalisation are compared as the 32-bit floats that some formats keep.
 */
const formOf = ({ input, layers }: Architecture): string =>
  JSON.stringify([
    [input.channels, input.height, input.width],
    layers.map((layer) =>
      Object.entries(layer)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => [name, Array.isArray(value) ? value.map(Math.fround) : value])
        .toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    ),
  ])
