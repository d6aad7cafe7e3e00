/** robustra report */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { UserError } from '../base/errors.ts'
import { readWholeFile, writeFileAtomic } from '../node/atomic.ts'
import { makeReport } from '../node/report/measure.ts'
import { testImages } from '../node/report/test-images.ts'
import { isReport, reportData, reportPage } from '../report/page.ts'
import { readSubjects } from '../node/report/subjects.ts'
import { dataOption, jsonOption } from './options.ts'
import { packageVersion } from '../base/version.ts'
import { examples } from './help.ts'
import { printJson } from './text.ts'

interface Flags {
  readonly out?: string
  readonly network?: string[]
  readonly data?: string
  readonly json?: boolean
}

export function reportCommand(command: Command): void {
  command
    .argument(
      '<run...>',
      'folders that robustra train wrote, with the certificates in them, folders of such folders, or .jsonl files that robustra certify wrote',
    )
    .option('--out <file>', 'the HTML file to write (default: report.html in a single folder)')
    .option(
      '--network <file...>',
      'the networks that certificates are about, if their files (.safetensors, .onnx, .npz, .pt) are in another place',
    )
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nThe HTML file has everything in it: errors, settings, curves, stability of neurons, what decided the images, and\n' +
        'pictures. Certificates, plain or .gz, are shown with the run that trained their network. An earlier report is\n' +
        'replaced, any other file never. Nothing is downloaded.\n' +
        examples([
          'robustra report runs/first',
          'robustra report runs/quickstart',
          'robustra report runs/mnist exact.jsonl --out mnist.html',
          'robustra report runs/mnist runs/ibp runs/wk --data path/to/mnist --out comparison.html',
          'robustra report exact.jsonl --network net.safetensors --out exact.html',
        ]),
    )
    .action(runReport)
}

async function runReport(paths: string[], flags: Flags): Promise<void> {
  const subjects = readSubjects(paths, flags.network)
  const out = outOf(paths, flags.out)
  requireReplaceable(out)
  requireFolder(flags.data)
  const report = await makeReport(subjects, testImages(flags.data))
  writeFileAtomic(out, reportPage(report, packageVersion))
  if (flags.json) printJson({ out, ...reportData(report) })
  else console.log(`report: ${out}`)
}

/** @throws UserError if none is given and there is no place for it by itself */
function outOf(paths: readonly string[], out: string | undefined): string {
  if (out !== undefined) return out
  const folders = paths.filter((path) => statSync(path).isDirectory())
  if (folders.length === 1) return join(folders[0]!, 'report.html')
  throw new UserError('--out is missing: say where the HTML file goes, such as --out report.html')
}

/** @throws UserError if there is something that is no report */
function requireReplaceable(path: string): void {
  if (!existsSync(path) || isReport(new TextDecoder().decode(readWholeFile(path)))) return
  throw new UserError(`${path} exists already and is not a report: choose another --out`)
}

/** @throws UserError if the folder of the data is not one */
function requireFolder(path: string | undefined): void {
  if (path === undefined || (existsSync(path) && statSync(path).isDirectory())) return
  throw new UserError(`there is no data folder ${path}: create it, or leave it out`)
}
