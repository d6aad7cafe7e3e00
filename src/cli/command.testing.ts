/** Runs the command line as its users do: in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

export interface Outcome {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts `robustra args…` and leaves it running. */
export const start = (args: readonly string[], cwd: string = tmpdir()): ChildProcess =>
  spawn(process.execPath, [main, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })

export function finished(child: ChildProcess): Promise<Outcome> {
  let stdout = ''
  let stderr = ''
  child.stdout!.on('data', (data) => (stdout += data))
  child.stderr!.on('data', (data) => (stderr += data))
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr })))
}

export const robustra = (...args: string[]): Promise<Outcome> => finished(start(args))

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'robustra-cli-'))
export const removeFolder = (path: string): void => rmSync(path, { recursive: true, force: true })

/** A training run of a second or so. */
export const tiny = [
  ...['--training-count', '40', '--validation-count', '8', '--batch-size', '10', '--epsilon', '0.01'],
  ...['--workers', '2'],
]
