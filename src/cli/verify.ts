/** robustra verify */
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Command, Option } from 'commander'
import { UserError, unknownName } from '../base/errors.ts'
import { writeFileAtomic } from '../node/atomic.ts'
import { makeFolder } from '../node/folder.ts'
import { Lock } from '../node/lock.ts'
import { packageVersion } from '../base/version.ts'
import { formatCounterexample } from '../region/counterexample.ts'
import { CounterexampleFolder } from '../node/properties/counterexample-files.ts'
import { type SearchChoice, searchChoices } from '../ladder/verify-question.ts'
import { epochNow } from '../node/properties/instance-files.ts'
import type { PropertyResult } from '../ladder/verify-property.ts'
import { type ResultName, ResultsFile } from '../node/properties/instances-results.ts'
import { runInstances } from '../node/properties/instances-run.ts'
import { type Instance, MOST_SECONDS, readInstances } from '../node/properties/instances-table.ts'
import { limitedDecider } from '../node/properties/limited.ts'
import { advised } from './advice.ts'
import { sameCommand } from './follow-up.ts'
import { onInterrupt } from './interrupt.ts'
import { jsonOption, outputOption, seedOption, workersOption } from './options.ts'
import { examples } from './help.ts'
import { networkFiles } from './network-options.ts'
import { Clock, Progress } from './progress.ts'
import { requireOutput } from './streams.ts'
import { formatTable, printJson } from './text.ts'
import { parsePositive } from './values.ts'

interface Flags {
  readonly timeout?: number
  readonly counterexample?: string
  readonly instances?: string
  readonly out?: string
  readonly counterexamples?: string
  readonly resume?: boolean
  readonly complete: SearchChoice
  readonly output?: string
  readonly seed: number
  readonly workers: number
  readonly json?: boolean
}

export function verifyCommand(command: Command): void {
  command
    .argument('[network]', networkFiles)
    .argument('[property]', 'a .vnnlib file, plain or .gz, which says what must not happen')
    .addOption(
      new Option('--timeout <seconds>', 'when to give up; the time includes reading the files').argParser(parseTimeout),
    )
    .option('--counterexample <file>', 'write the counterexample to this new file instead of printing it')
    .option(
      '--instances <file>',
      'instead of a network and a property: a .csv file with rows of network, property, timeout',
    )
    .option('--out <file>', 'with --instances: new .csv file for the results, one row per instance')
    .option('--resume', 'continue --out if it exists; rows whose files have changed are computed again')
    .option('--counterexamples <dir>', 'with --instances: new folder with a file for each counterexample')
    .addOption(
      new Option(
        '--complete <name>',
        'how to search: bab (branch and bound), milp, or auto, which lets them take turns where that may help',
      )
        .default('auto')
        .argParser(parseChoice),
    )
    .addOption(outputOption())
    .addOption(seedOption('decides where searches start'))
    .addOption(workersOption(', time limits apart'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nIt prints unsat (a proof: no input of the property gives an unsafe output), sat (one does, and it follows, in\n' +
        'the format of VNN-COMP), timeout or unknown. A counterexample has been run again in float64.\n' +
        'The rows of --out are: network, property, unsat | sat | timeout | unknown | error, seconds, method, bound,\n' +
        'timeout, reason, counterexample, SHA-256 of the network and of the property, settings. If any row is an error,\n' +
        'the exit code is 2.\n' +
        examples([
          'robustra verify net.onnx property.vnnlib --timeout 60',
          'robustra verify net.onnx property.vnnlib.gz --timeout 60 --counterexample found.txt --json',
          'robustra verify --instances instances.csv --out results.csv --counterexamples found --resume',
        ]),
    )
    .action(runVerify)
}

function parseTimeout(text: string): number {
  const seconds = parsePositive('--timeout', text)
  if (seconds <= MOST_SECONDS) return seconds
  throw new UserError(`--timeout cannot be '${text}': give at most ${MOST_SECONDS} seconds`)
}

function parseChoice(name: string): SearchChoice {
  const choice = searchChoices.find((known) => known === name)
  if (choice === undefined) throw unknownName('complete method', name, searchChoices)
  return choice
}

async function runVerify(network: string | undefined, property: string | undefined, flags: Flags): Promise<void> {
  const { timeout, counterexample, counterexamples, instances, out, output, resume } = flags
  if (instances === undefined) {
    if (network === undefined || property === undefined) {
      throw new UserError('give a network and a property, or --instances')
    }
    if (timeout === undefined) throw new UserError('give --timeout: how many seconds it may take')
    if (out !== undefined || counterexamples !== undefined || resume) {
      throw new UserError('--out, --counterexamples and --resume belong to --instances: leave them out')
    }
    await verifyOne(network, property, timeout, flags)
  } else {
    if (network !== undefined) throw new UserError('give either a network and a property or --instances')
    if (timeout !== undefined || counterexample !== undefined) {
      throw new UserError(
        '--timeout and --counterexample do not go with --instances: its rows have their own timeouts, and ' +
          '--counterexamples takes a folder',
      )
    }
    if (output !== undefined) throw new UserError('--output does not go with --instances: leave it out')
    if (out === undefined) throw new UserError('give --out: where the results of --instances go')
    await verifyAll(instances, out, flags)
  }
}

async function verifyOne(path: string, propertyPath: string, timeout: number, flags: Flags): Promise<void> {
  const { counterexample: to, output, workers, seed } = flags
  // before the work, which would be lost
  if (to === undefined) requireOutput()
  if (to !== undefined && existsSync(to)) throw new UserError(`${to} exists already: choose another --counterexample`)
  if (to !== undefined && !existsSync(dirname(to))) {
    throw new UserError(`cannot write ${to}: there is no folder ${dirname(to)}: create it first`)
  }
  const start = performance.now()
  const seconds = () => (performance.now() - start) / 1000
  const decider = limitedDecider(flags.complete)
  const job = { network: path, property: propertyPath, output, end: epochNow() + 1000 * timeout, workers, seed }
  const result = await decider.decide(job).finally(() => decider.close())
  if (result.isEmpty) console.error(`${propertyPath}: no input can meet it, whatever the network`)
  if (to !== undefined && result.counterexample) writeFileAtomic(to, `${formatCounterexample(result.counterexample)}\n`)
  if (flags.json) printJson(document(path, propertyPath, result, seconds()))
  else {
    console.log(result.verdict)
    if (to === undefined && result.counterexample) console.log(formatCounterexample(result.counterexample))
  }
}

const document = (network: string, property: string, result: PropertyResult, seconds: number) => {
  const { verdict, method = null, bound = null, reason = null, counterexample } = result
  const found = counterexample && { inputs: [...counterexample.point], outputs: [...counterexample.outputs] }
  return { network, property, verdict, method, bound, reason, seconds, counterexample: found ?? null }
}

function openFolder(path: string, resume: boolean): CounterexampleFolder {
  try {
    return new CounterexampleFolder(path, resume)
  } catch (error) {
    throw error instanceof UserError ? advised(error, '--counterexamples') : error
  }
}

function lockOf(counterexamples: string): Lock {
  try {
    makeFolder(counterexamples)
    return Lock.ofFolder(counterexamples)
  } catch (error) {
    throw error instanceof UserError ? advised(error, '--counterexamples') : error
  }
}

/** Nobody else writes to the results meanwhile, or to the counterexamples. */
async function verifyAll(table: string, out: string, flags: Flags): Promise<void> {
  const instances = readInstances(table)
  const locks = [Lock.ofFile(out)]
  try {
    const folder = flags.counterexamples
    if (folder !== undefined) {
      locks.push(lockOf(folder))
    }
    await verifyTable({ table, instances, out }, flags)
  } finally {
    locks.forEach((lock) => lock.release())
  }
}

interface Files {
  readonly table: string
  readonly instances: readonly Instance[]
  readonly out: string
}

async function verifyTable({ table, instances, out }: Files, flags: Flags): Promise<void> {
  const { resume = false, counterexamples: folder, complete, workers, seed } = flags
  const total = instances.length
  const settings = `robustra ${packageVersion}; complete ${complete}; seed ${seed}`
  const counterexamples = folder === undefined ? undefined : openFolder(folder, resume)
  const file = new ResultsFile(out, instances, settings, resume)
  const decider = limitedDecider(complete)
  const progress = new Progress()
  const done = onInterrupt(() => `Continue with: ${sameCommand('--resume')}`)
  const start = performance.now()
  /** Why rows that were there are done again, and how many. */
  const stale = new Map<string, number>()
  let results: ResultName[]
  try {
    progress.start('verifying', total)
    const clock = new Clock()
    results = await runInstances(instances, file, {
      ...{ table, workers, seed, counterexamples, decide: (job) => decider.decide(job) },
      onStale: (why) => stale.set(why, (stale.get(why) ?? 0) + 1),
      onProgress: (count) => progress.update(count, `${count}/${total} instances  ${clock.left(count, total)}`),
      onFailure: (error) => console.error(error),
    })
  } finally {
    progress.finish()
    for (const [why, count] of stale) console.error(`${why}: ${count} ${count === 1 ? 'row' : 'rows'} done again`)
    await decider.close()
    done()
  }
  const counts = Object.fromEntries(
    ['unsat', 'sat', 'timeout', 'unknown', 'error'].map((name) => [name, results.filter((one) => one === name).length]),
  )
  const seconds = (performance.now() - start) / 1000
  if (flags.json) printJson({ table, out, instances: total, ...counts, seconds })
  else {
    console.log(formatTable([['result', 'instances'], ...Object.entries(counts).map(([name, n]) => [name, `${n}`])]))
    console.log(`\n${total} instances in ${seconds.toFixed(1)} s\nrows: ${out}`)
  }
  if (counts['error']) {
    throw new UserError(
      `${counts['error']} of ${total} instances ended in an error: the last column of ${out} says why`,
    )
  }
}
