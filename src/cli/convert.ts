/** robustra convert */
import { realpathSync } from 'node:fs'
import type { Command } from 'commander'
import { UserError } from '../base/errors.ts'
import { loadAnyNetwork, saveAnyNetwork } from '../node/any-network.ts'
import { networkExtensions, writerFor, writtenExtensions } from '../formats/any-network.ts'
import { countParameters } from '../model/network.ts'
import { outputOption } from './options.ts'
import { examples } from './help.ts'

const anyOf = (extensions: readonly string[]) => `${extensions.slice(0, -1).join(', ')} or ${extensions.at(-1)}`

export function convertCommand(command: Command): void {
  command
    .argument('<in>', `network to read: ${anyOf(networkExtensions)}`)
    .argument('<out>', `file to write, which replaces an earlier one: ${anyOf(writtenExtensions)}`)
    .addOption(outputOption())
    .addHelpText(
      'after',
      '\nParameters stay the same, bit by bit. In ONNX files the constants of a normalise layer are 32-bit floats.\n' +
        examples(['robustra convert runs/first/f.safetensors f.onnx', 'robustra convert f.onnx f.npz']),
    )
    .action(runConvert)
}

/** @throws UserError if a file cannot be read or written, or the network is not made of our layers */
function runConvert(from: string, to: string, { output }: { readonly output?: string }): void {
  writerFor(to)
  if (isSameFile(from, to)) throw new UserError(`${from} would be overwritten by itself: give another name to write to`)
  const { graph, network, misfit, metadata } = loadAnyNetwork(from, { output })
  if (graph.ending)
    throw new UserError(`${from} cannot be converted: it ends in a ${graph.ending}, which our layers do not have`)
  if (!network) throw new UserError(`${from} cannot be converted to layers of 32-bit floats: ${misfit}`)
  saveAnyNetwork(to, network, metadata)
  const { architecture } = network
  console.log(`${to}: '${architecture.name}', ${countParameters(architecture)} parameters`)
}

/** Whether two paths are one file, maybe by different names. A path that does not exist is no file. */
function isSameFile(a: string, b: string): boolean {
  try {
    return realpathSync(a) === realpathSync(b)
  } catch {
    return false
  }
}
