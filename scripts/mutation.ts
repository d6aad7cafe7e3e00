/**
 * `npm run test:mutation`: plants one fault after the other (scripts/mutants/) in a copy of the tree and runs the tests
 * nearest to it. What they do not notice survives. Stopped at any time it continues where it was: results are kept in
 * build/mutation.jsonl until the file, the fault or its tests change.
 *
 *   npm run test:mutation -- --only src/bounds/rounding.ts
 */
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { lists } from './mutants/index.ts'
import type { Mutant } from './mutants/mutant.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const results = join(root, 'build', 'mutation.jsonl')
/** After this many seconds tests hang, which counts as noticing the fault. */
const LIMIT = 600

/** A line of the results: what came of the tests of a state of the tree. */
interface Result {
  readonly key: string
  readonly passed: boolean
}

const { only } = parseArgs({ options: { only: { type: 'string', default: '' } } }).values
const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8' })
const files = listed.split('\0').filter((file) => file && existsSync(join(root, file)))
const sources = files.filter((file) => file.startsWith('src/'))
const copy = copyTree()
const kernels = readdirSync(join(copy, 'build/kernels')).map(
  (name) => [name, readFileSync(join(copy, 'build/kernels', name))] as const,
)
process.on('exit', () => rmSync(copy, { recursive: true }))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))
const known = new Map(readLines().map(({ key, passed }) => [key, passed]))

let unexpected = 0
for (const [folder, list] of Object.entries(lists)) {
  const chosen = list.filter(({ file, find, replace }) => `${folder} ${file} ${find} ${replace}`.includes(only))
  const counts = { killed: 0, harmless: 0, survived: 0 }
  for (const mutant of chosen) {
    const places = placesOf(mutant)
    if (places !== 1) {
      unexpected++
      console.log(`${places} places (!)  ${describe(mutant)}`)
      continue
    }
    await requirePassing(mutant.tests)
    const survived = await passes(mutant.tests, mutant)
    const outcome = !survived ? 'killed' : mutant.harmless === undefined ? 'survived' : 'harmless'
    counts[outcome]++
    const isExpected = outcome === (mutant.harmless === undefined ? 'killed' : 'harmless')
    if (!isExpected) unexpected++
    console.log(`${outcome}${isExpected ? '' : ' (!)'}  ${describe(mutant)}`)
  }
  if (chosen.length > 0) console.log(summary(folder, counts))
}
process.exitCode = unexpected > 0 ? 1 : 0

function summary(
  folder: string,
  { killed, harmless, survived }: Record<'killed' | 'harmless' | 'survived', number>,
): string {
  const all = killed + harmless + survived
  const percent = ((100 * killed) / all).toFixed(1)
  return `${folder}: ${killed} of ${all} killed (${percent} %), ${harmless} harmless, ${survived} survived\n`
}

function describe({ file, find, replace }: Mutant): string {
  const short = (text: string) => text.replaceAll(/\s+/g, ' ').trim()
  return `${file}: ${short(find)} → ${short(replace) || 'nothing'}`
}

/** The tree without what git ignores, but with kernels and packages. */
function copyTree(): string {
  const folder = mkdtempSync(join(tmpdir(), 'robustra-mutation-'))
  for (const file of files) cpSync(join(root, file), join(folder, file))
  execFileSync(process.execPath, ['scripts/build-kernels.mjs'], { cwd: root, stdio: 'inherit' })
  cpSync(join(root, 'build/kernels'), join(folder, 'build/kernels'), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

function readLines(): Result[] {
  mkdirSync(join(root, 'build'), { recursive: true })
  appendFileSync(results, '')
  return readFileSync(results, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Result)
}

/** @throws Error if tests fail without any fault */
async function requirePassing(tests: readonly string[]): Promise<void> {
  for (const test of tests) {
    if (!(await passes([test]))) throw new Error(`${test} fails without a mutant: mend that first`)
  }
}

/** Whether all tests pass with a fault, or without. */
async function passes(tests: readonly string[], mutant?: Mutant): Promise<boolean> {
  const id = keyOf(tests, mutant)
  const before = known.get(id)
  if (before !== undefined) return before
  const restore = mutant && plant(mutant)
  let passed = true
  for (const test of tests) {
    const { status, output } = await run(test)
    passed = status === 0
    if (!passed && !mutant) console.error(output)
    if (!passed) break
  }
  restore?.()
  known.set(id, passed)
  appendFileSync(results, `${JSON.stringify({ key: id, passed } satisfies Result)}\n`)
  return passed
}

/** Runs a test file in the copy. */
function run(test: string): Promise<{ status: number | null; output: string }> {
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', '--bail=1', '--maxWorkers=1', test], {
    ...{ cwd: copy, timeout: LIMIT * 1000, killSignal: 'SIGKILL' },
  })
  const stop = () => child.kill('SIGKILL')
  process.once('exit', stop)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data))
  return new Promise((done) =>
    child.on('close', (status) => {
      process.off('exit', stop)
      done({ status, output })
    }),
  )
}

/** The key of a fault is made of its file and its tests; the key of a run without a fault, of all sources. */
function keyOf(tests: readonly string[], mutant?: Mutant): string {
  const hash = createHash('sha256').update(JSON.stringify([tests, mutant?.find, mutant?.replace]))
  for (const file of mutant ? [mutant.file, ...tests] : sources) hash.update(readFileSync(join(copy, file)))
  return hash.digest('hex').slice(0, 16)
}

/** How often the text that is to be replaced occurs: once, unless the file has changed. */
function placesOf({ file, find }: Mutant): number {
  return readFileSync(join(copy, file), 'utf8').split(find).length - 1
}

/** @returns a function that takes the change back */
function plant({ file, find, replace }: Mutant): () => void {
  const path = join(copy, file)
  const original = readFileSync(path, 'utf8')
  writeFileSync(path, original.split(find).join(replace))
  if (!file.startsWith('src/device/wasm/assembly/')) return () => writeFileSync(path, original)
  execFileSync(process.execPath, ['scripts/build-kernels.mjs'], { cwd: copy, stdio: 'inherit' })
  return () => {
    writeFileSync(path, original)
    // written last, so that nothing is built again
    for (const [name, bytes] of kernels) writeFileSync(join(copy, 'build/kernels', name), bytes)
  }
}
