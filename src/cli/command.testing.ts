/** Runs the command line: as its users do, in a process of its own; or in this one, which is faster. */
import { type ChildProcess, spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { delimiter, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { vi } from 'vitest'
import { run } from './run.ts'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

/** Not of a script of npm's, and `node` is the Node of the tests. */
const env = {
  ...process.env,
  ...{ npm_command: undefined, npm_lifecycle_event: undefined },
  PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`,
}

export interface Outcome {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts `robustra args…` and leaves it running. */
export const start = (args: readonly string[], cwd: string = tmpdir()): ChildProcess =>
  spawn(process.execPath, [main, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })

/** Runs the command that a stopped one has printed, as a shell does. */
export function continued({ stderr }: Outcome): Promise<Outcome> {
  const [, command] = /Continue with: (.*)\n$/.exec(stderr)!
  return finished(spawn('sh', ['-c', command!], { cwd: tmpdir(), env, stdio: ['ignore', 'pipe', 'pipe'] }))
}

export function finished(child: ChildProcess): Promise<Outcome> {
  let stdout = ''
  let stderr = ''
  child.stdout!.on('data', (data) => (stdout += data))
  child.stderr!.on('data', (data) => (stderr += data))
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr })))
}

export const robustra = (...args: string[]): Promise<Outcome> => finished(start(args))

/** The same in this process. Progress, which goes to the stream itself, is not among what it returns. */
export async function call(...args: string[]): Promise<Omit<Outcome, 'signal'>> {
  const printed = { log: '', error: '' }
  const spies = (['log', 'error'] as const).map((name) =>
    vi.spyOn(console, name).mockImplementation((...line) => void (printed[name] += `${line.join(' ')}\n`)),
  )
  const code = await run(args).finally(() => spies.forEach((spy) => spy.mockRestore()))
  return { code, stdout: printed.log, stderr: printed.error }
}

/** A training run of a second or so. */
export const tiny = [
  ...['--training-count', '40', '--validation-count', '8', '--batch-size', '10', '--epsilon', '0.01'],
  ...['--workers', '2'],
]
