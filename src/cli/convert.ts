/** robustra convert */
import { realpathSync } from 'node:fs'
import type { Command } from 'commander'
import { UserError } from '../base/errors.ts'
import { saveAnyNetwork } from '../node/any-network.ts'
import { networkExtensions, writerFor, writtenExtensions } from '../formats/any-network.ts'
import { countParameters } from '../model/network.ts'
import { architectureOption, inputOption } from './network-options.ts'
import { type NetworkFlags, readNetwork } from './read-network.ts'
import { jsonOption, outputOption } from './options.ts'
import { examples } from './help.ts'
import { printJson } from './text.ts'

const anyOf = (extensions: readonly string[]) => `${extensions.slice(0, -1).join(', ')} or ${extensions.at(-1)}`

export function convertCommand(command: Command): void {
  command
    .argument('<in>', `network to read: ${anyOf(networkExtensions)}`)
    .argument('<out>', `file to write, which replaces an earlier one: ${anyOf(writtenExtensions)}`)
    .addOption(outputOption())
    .addOption(architectureOption())
    .addOption(inputOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nParameters stay the same, bit by bit, where 32-bit floats can hold them; else they are rounded, and the command says\n' +
        'so. In ONNX files the constants of a normalise layer are 32-bit floats.\n' +
        'A state dictionary of PyTorch does not say what its layers do: give --architecture. Nothing in such a file is run.\n' +
        examples([
          'robustra convert runs/first/f.safetensors f.onnx',
          'robustra convert f.onnx f.npz',
          'robustra convert net.pt net.onnx --architecture mnist-small',
        ]),
    )
    .action(runConvert)
}

/** @throws UserError if a file cannot be read or written, or the network is not made of our layers */
function runConvert(from: string, to: string, flags: NetworkFlags & { readonly json?: boolean }): void {
  writerFor(to)
  if (isSameFile(from, to)) throw new UserError(`${from} would be overwritten by itself: give another name to write to`)
  const { graph, network, rounded, misfit, metadata } = readNetwork(from, flags)
  if (graph.ending)
    throw new UserError(`${from} cannot be converted: it ends in a ${graph.ending}, which our layers do not have`)
  const written = network ?? rounded
  if (!written) throw new UserError(`${from} cannot be converted to our layers: ${misfit}`)
  saveAnyNetwork(to, written, metadata)
  const { name } = written.architecture
  const parameters = countParameters(written.architecture)
  const rounding = network ? '' : ', rounded to 32-bit floats: another network than that of the file, if only a little'
  if (flags.json) printJson({ from, to, name, parameters, isRounded: !network })
  else console.log(`${to}: '${name}', ${parameters} parameters${rounding}`)
}

/** Whether two paths are one file, maybe by different names. A path that does not exist is no file. */
function isSameFile(a: string, b: string): boolean {
  try {
    return realpathSync(a) === realpathSync(b)
  } catch {
    return false
  }
}
