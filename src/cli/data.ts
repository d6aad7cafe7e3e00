/** robustra data verify|download */
import type { Command } from 'commander'
import { UserError, unknownName } from '../errors.ts'
import { type FileStatus, downloadMnist, verifyMnist } from '../data/mnist.ts'
import { onInterrupt } from './interrupt.ts'
import { jsonOption } from './options.ts'
import { examples } from './program.ts'
import { Progress, downloadProgress } from './progress.ts'
import { formatTable, printJson } from './text.ts'

interface Flags {
  readonly data?: string
  readonly json?: boolean
}

export function dataCommand(command: Command): void {
  command.addHelpText('after', examples(['robustra data download mnist', 'robustra data verify mnist --data ~/mnist']))
  const define = (name: string, summary: string, action: (flags: Flags) => Promise<FileStatus[]>) =>
    command
      .command(name)
      .description(summary)
      .helpOption('-h, --help', 'print this help')
      .argument('<dataset>', 'mnist')
      .option('--data <dir>', "folder (default: the user's cache)")
      .addOption(jsonOption())
      .addHelpText('after', examples([`robustra data ${name} mnist`]))
      .action(async (dataset: string, flags: Flags) => {
        requireFiles(dataset)
        report(await action(flags), flags)
      })
  define('verify', 'compare the files with the published checksums', async ({ data }) => verifyMnist(data))
  define('download', 'download what is missing, and compare with the published checksums', async ({ data }) => {
    const progress = new Progress()
    const done = onInterrupt('Call the same command again: whole files are kept.')
    try {
      return await downloadMnist(data, downloadProgress(progress))
    } finally {
      progress.finish()
      done()
    }
  })
}

function requireFiles(dataset: string): void {
  if (dataset === 'synthetic') throw new UserError('synthetic needs no files: it is made by the program')
  if (dataset !== 'mnist') throw unknownName('data set', dataset, ['mnist'])
}

/** @throws UserError if a file is missing or corrupt */
function report(files: readonly FileStatus[], { json, data }: Flags): void {
  if (json) printJson(files)
  else console.log(formatTable([['file', 'status', 'path'], ...files.map((f) => [f.file, f.status, f.path ?? ''])], 3))
  const bad = files.filter(({ status }) => status !== 'ok')
  if (bad.length === 0) return
  throw new UserError(
    `${bad.map(({ file, status }) => `${file} is ${status}`).join(', ')}: ` +
      `delete corrupt files and run 'robustra data download mnist${data === undefined ? '' : ` --data ${data}`}'`,
  )
}
