/** The commands, each in its own file, which is read only when the command is used. */
import { Command } from 'commander'
import { UserError } from '../base/errors.ts'
import { packageVersion } from '../base/version.ts'
import { fit, widthOf } from './fit.ts'
import { examples } from './help.ts'

interface Entry {
  readonly name: string
  readonly summary: string
  /** Adds the arguments, options, examples and the action. */
  readonly define: () => Promise<(command: Command) => unknown>
}

const commands: readonly Entry[] = [
  {
    name: 'quickstart',
    summary: 'train and certify a small pair of networks, to see how it works',
    define: async () => (await import('./quickstart.ts')).quickstartCommand,
  },
  {
    name: 'train',
    summary: 'train a network, or a pair of networks against each other with Robustra',
    define: async () => (await import('./train.ts')).trainCommand,
  },
  {
    name: 'certify',
    summary: 'decide for each image of a data set whether a network is robust around it',
    define: async () => (await import('./certify.ts')).certifyCommand,
  },
  {
    name: 'verify',
    summary: 'decide a VNN-LIB property of a network, or a whole table of them',
    define: async () => (await import('./verify.ts')).verifyCommand,
  },
  {
    name: 'attack',
    summary: 'look for adversarial examples of a network',
    define: async () => (await import('./attack.ts')).attackCommand,
  },
  {
    name: 'convert',
    summary: 'write a network in another format: safetensors, ONNX, npz',
    define: async () => (await import('./convert.ts')).convertCommand,
  },
  {
    name: 'info',
    summary: 'show the layers, shapes, parameters and hidden units of a network, or the GPUs of this machine',
    define: async () => (await import('./info.ts')).infoCommand,
  },
  {
    name: 'report',
    summary: 'write one HTML file about a run, or a comparison of several',
    define: async () => (await import('./report.ts')).reportCommand,
  },
  {
    name: 'reproduce',
    summary: "compute the paper's tables and figures again",
    define: async () => (await import('./reproduce.ts')).reproduceCommand,
  },
  {
    name: 'data',
    summary: 'check or download the files of a data set',
    define: async () => (await import('./data.ts')).dataCommand,
  },
]

/** @param args the command line; commands that it does not name get no more than their summary */
export async function createProgram(args: readonly string[]): Promise<Command> {
  const program = new Command('robustra')
    .description('Train ReLU networks whose robustness is proved, and prove how robust any ReLU network is.')
    .version(packageVersion, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText(
      'after',
      examples([
        'robustra quickstart',
        'robustra train --help',
        'robustra verify net.onnx property.vnnlib --timeout 60',
      ]),
    )
    .configureOutput({
      outputError: () => undefined,
      writeOut: (text) => process.stdout.write(fit(text, widthOf(process.stdout))),
      writeErr: (text) => process.stderr.write(fit(text, widthOf(process.stderr))),
    })
    .exitOverride()
    .hook('preAction', (_, command) => requireNothingEmpty(command))
  for (const { name, summary, define } of commands) {
    const command = program.command(name).description(summary).helpOption('-h, --help', 'print this help')
    if (args.includes(name)) (await define())(command)
  }
  return program
}

/** @throws UserError for a path or name that is empty, as an unset variable of a shell is */
function requireNothingEmpty(command: Command): void {
  const options = command.options.map((option) => [option.long, command.getOptionValue(option.attributeName())])
  const given = [...command.registeredArguments.map((argument, i) => [argument.name(), command.args[i]]), ...options]
  const empty = given.find(([, value]) => value === '')
  if (empty) throw new UserError(`${empty[0]} is empty: give it a value, or leave it out`)
}
