/**
 * How many questions of some families `robustra verify` decides, and how fast; of this build, or of an older one.
 *
 *   node bench/questions.ts make DIR [--seed N]                       writes networks, properties and DIR/questions.json
 *   node bench/questions.ts run DIR --out ROWS.json [--timeout 10] [--cli dist/cli/main.js] [--only FAMILY]
 *   node bench/questions.ts table BEFORE.json AFTER.json              as a Markdown table
 *
 * `run` continues the rows that are there. Needs an idle machine; seconds are of a whole process, its start included.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { median } from './print.ts'
import { families } from './questions/families.ts'

interface Entry {
  readonly family: string
  readonly name: string
  readonly network: string
}

interface Row extends Entry {
  /** unsat, sat, timeout, unknown; error where the program refuses or fails. */
  readonly verdict: string
  readonly seconds: number
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '0' },
    out: { type: 'string' },
    timeout: { type: 'string', default: '10' },
    cli: { type: 'string', default: join(import.meta.dirname, '../dist/cli/main.js') },
    only: { type: 'string' },
  },
})

function make(folder: string): void {
  const entries: Entry[] = []
  mkdirSync(folder, { recursive: true })
  for (const familyOf of families) {
    const { name: family, networks, questions } = familyOf(Number(values.seed))
    for (const [name, bytes] of networks) writeFileSync(join(folder, `${name}.onnx`), bytes)
    for (const { name, network, property } of questions) {
      writeFileSync(join(folder, `${name}.vnnlib`), property)
      entries.push({ family, name, network })
    }
    console.log(`${family}: ${questions.length} questions`)
  }
  writeFileSync(join(folder, 'questions.json'), JSON.stringify(entries, undefined, 1))
}

const readRows = (file: string): Row[] => (existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Row[]) : [])

function run(folder: string, out: string): void {
  const entries = JSON.parse(readFileSync(join(folder, 'questions.json'), 'utf8')) as Entry[]
  const rows = readRows(out)
  const done = new Set(rows.map(({ name }) => name))
  for (const entry of entries) {
    if (done.has(entry.name) || (values.only !== undefined && entry.family !== values.only)) continue
    const files = [join(folder, `${entry.network}.onnx`), join(folder, `${entry.name}.vnnlib`)]
    const start = performance.now()
    const child = spawnSync(process.execPath, [values.cli, 'verify', ...files, '--timeout', values.timeout, '--json'])
    const seconds = (performance.now() - start) / 1000
    const verdict = child.status === 0 ? (JSON.parse(`${child.stdout}`) as { verdict: string }).verdict : 'error'
    rows.push({ ...entry, verdict, seconds })
    console.log(`${entry.family}  ${entry.name}  ${verdict}  ${seconds.toFixed(2)} s`)
    writeFileSync(out, JSON.stringify(rows, undefined, 1))
  }
}

function table(beforeFile: string, afterFile: string): void {
  const [before, after] = [readRows(beforeFile), readRows(afterFile)]
  console.log('| family | questions | decided before | after | seconds before: median, all | after: median, all |')
  console.log('| --- | ---: | ---: | ---: | ---: | ---: |')
  const isDecided = ({ verdict }: Row) => verdict === 'sat' || verdict === 'unsat'
  const times = (rows: readonly Row[]) => {
    const seconds = rows.map((row) => row.seconds)
    return `${median(seconds).toFixed(2)}, ${seconds.reduce((a, b) => a + b, 0).toFixed(0)}`
  }
  for (const family of new Set(before.map((row) => row.family))) {
    const [old, now] = [before, after].map((rows) => rows.filter((row) => row.family === family)) as [Row[], Row[]]
    const counts = [old.length, old.filter(isDecided).length, now.filter(isDecided).length]
    console.log(`| ${[family, ...counts, times(old), times(now)].join(' | ')} |`)
    for (const row of old) {
      const other = now.find(({ name }) => name === row.name)
      if (other && isDecided(row) && isDecided(other) && row.verdict !== other.verdict) {
        throw new Error(`${row.name} was ${row.verdict} and is ${other.verdict}`)
      }
    }
  }
}

const [command, first, second] = positionals
if (command === 'make' && first) make(first)
else if (command === 'run' && first && values.out) run(first, values.out)
else if (command === 'table' && first && second) table(first, second)
else throw new Error('see the head of bench/questions.ts')
