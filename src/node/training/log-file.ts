/**
 * The log of a run: a row per network and epoch in `log.jsonl`, and the same as a table in `log.csv`. Both are written whole,
 * from what the checkpoint says. Epochs count from 1; older versions counted from 0, which their first row tells.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { csv } from '../../formats/write-csv.ts'
import type { EpochReport } from '../../training/epoch-report.ts'
import { readWholeFile, writeFileAtomic } from '../atomic.ts'

const columns: Record<string, (report: EpochReport) => string | number | null | undefined> = {
  epoch: ({ epoch }) => epoch,
  network: ({ network }) => network,
  method: ({ method }) => method,
  loss: ({ loss }) => loss,
  training_error: ({ trainingError }) => trainingError,
  clean_error: ({ cleanError }) => cleanError,
  attack_error: ({ attackError }) => attackError,
  certified_error: ({ certifiedError }) => certifiedError,
  estimated_error: ({ estimatedError }) => estimatedError,
  unstable: ({ unstable }) => unstable,
  epsilon: ({ epsilon }) => epsilon,
  learning_rate: ({ learningRate }) => learningRate,
  rows: ({ work }) => work?.rows,
  projected: ({ work }) => work?.projected,
  t: ({ space }) => space?.t,
  loose: ({ space }) => space?.loose,
  tight: ({ space }) => space?.tight,
  infeasible: ({ space }) => space?.infeasible,
  seconds: ({ seconds }) => seconds,
  elapsed: ({ elapsed }) => elapsed,
  device: ({ device }) => device,
}

/** Makes the log of a run say these epochs and no others; without any there is no log. */
export function writeLog(folder: string, reports: readonly EpochReport[]): void {
  const [lines, table] = ['log.jsonl', 'log.csv'].map((name) => join(folder, name)) as [string, string]
  if (reports.length === 0) {
    for (const path of [lines, table]) rmSync(path, { force: true })
    return
  }
  writeFileAtomic(lines, reports.map((report) => `${JSON.stringify(report)}\n`).join(''))
  const cells = reports.map((report) => Object.values(columns).map((valueOf) => valueOf(report)))
  writeFileAtomic(table, csv(Object.keys(columns), cells))
}

/**
 * The rows of a file with a row of JSON for each epoch. A last line that was torn by a crash does not count.
 * @param parse throws if a row is not such a one
 * @throws UserError that names the line
 */
export function readEpochRows<Row extends { readonly epoch: number }>(
  path: string,
  parse: (value: unknown) => Row,
): Row[] {
  const lines = new TextDecoder().decode(readWholeFile(path)).split('\n')
  const torn = lines.pop()!
  const rows = lines.flatMap((line, i) => {
    if (line === '') return []
    try {
      return [parse(JSON.parse(line))]
    } catch {
      throw new UserError(`${path} is damaged: line ${i + 1} is not a row of a training's log: repair or delete it`)
    }
  })
  return countedFromOne(isRow(torn, parse) ? [...rows, parse(JSON.parse(torn))] : rows)
}

/** Whether a last line without its end is whole all the same. */
function isRow(line: string, parse: (value: unknown) => unknown): boolean {
  try {
    parse(JSON.parse(line))
    return true
  } catch {
    return false
  }
}

/** Rows of epochs, the first epoch's first, with epochs that count from 1. */
const countedFromOne = <Row extends { readonly epoch: number }>(rows: readonly Row[]): Row[] =>
  rows[0]?.epoch === 0 ? rows.map((row) => ({ ...row, epoch: row.epoch + 1 })) : [...rows]
