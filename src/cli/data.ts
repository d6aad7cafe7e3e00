/** robustra data verify|download */
import type { Command } from 'commander'
import { UserError, unknownName } from '../base/errors.ts'
import { publishedDatasets } from '../data/names.ts'
import type { PublishedDataset } from '../data/published.ts'
import { type FileStatus, downloadFiles, verifyFiles } from '../node/data/published-files.ts'
import { commandLine, sameCommand } from './follow-up.ts'
import { onInterrupt } from './interrupt.ts'
import { jsonOption } from './options.ts'
import { examples } from './help.ts'
import { Progress, downloadProgress } from './progress.ts'
import { formatTable, printJson } from './text.ts'

const names = publishedDatasets.map(({ name }) => name)

interface Flags {
  readonly data?: string
  readonly json?: boolean
}

/** Help for --dataset of other commands, too. */
const ownDataHelp = `Data sets by name: synthetic (made by the program), ${names.join(', ')}.
Your own data is a path, which --dataset of train, certify and attack takes like a name:
  photos/           folders train and test with a folder of pictures (.png, .jpg) for each class in them;
                    or the folders of the classes alone: then a fifth of each class is the test
  arrays.npz        NumPy's x_train, y_train, x_test and y_test; or images and labels
  table.csv         a header, then rows of numbers; the class is in the column label, or in the last one
  idx/              idx files, as MNIST has them, with images or labels, train or test in their names
  dataset.toml      says where data, or train and test, are, and what the files do not say: classes, label, ignore,
                    split, features, range, shape, layout
`

export function dataCommand(command: Command): void {
  command.addHelpText(
    'after',
    `\n${ownDataHelp}${examples(['robustra data download cifar10', 'robustra data verify mnist --data ~/mnist'])}`,
  )
  const define = (
    name: string,
    summary: string,
    action: (dataset: PublishedDataset, flags: Flags) => Promise<FileStatus[]>,
  ) =>
    command
      .command(name)
      .description(summary)
      .helpOption('-h, --help', 'print this help')
      .argument('<dataset>', `data set: ${names.join(', ')}`)
      .option('--data <dir>', "folder of the files (default: the user's cache)")
      .addOption(jsonOption())
      .addHelpText('after', examples([`robustra data ${name} mnist`]))
      .action(async (dataset: string, flags: Flags) => {
        const published = requireFiles(dataset)
        report(published.name, await action(published, flags), flags)
      })
  define('verify', 'compare the files with the published checksums', async (dataset, { data }) =>
    verifyFiles(data, dataset),
  )
  define(
    'download',
    'download what is missing, and compare with the published checksums',
    async (dataset, { data }) => {
      const progress = new Progress()
      const done = onInterrupt(() => `Files that are complete were kept. Continue with: ${sameCommand()}`)
      try {
        return await downloadFiles(data, downloadProgress(progress), dataset)
      } finally {
        progress.finish()
        done()
      }
    },
  )
}

function requireFiles(dataset: string): PublishedDataset {
  if (dataset === 'synthetic') throw new UserError('synthetic needs no files: it is made by the program')
  const published = publishedDatasets.find(({ name }) => name === dataset)
  if (!published) throw unknownName('data set', dataset, names)
  return published
}

/** @throws UserError if a file is missing or corrupt */
function report(dataset: string, files: readonly FileStatus[], { json, data }: Flags): void {
  if (json) printJson(files)
  else console.log(formatTable([['file', 'status', 'path'], ...files.map((f) => [f.file, f.status, f.path ?? ''])], 3))
  const bad = files.filter(({ status }) => status !== 'ok')
  if (bad.length === 0) return
  const again = commandLine('data', 'download', dataset, ...(data === undefined ? [] : ['--data', data]))
  throw new UserError(
    `${bad.map(({ file, status }) => `${file} is ${status}`).join(', ')}: delete corrupt files and run: ${again}`,
  )
}
