/** A measurement in a process of its own: what it prints, and its peak memory, read from /proc. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

export interface ChildResult {
  /** 0, or why it ended otherwise; null if it was stopped. */
  readonly code: number | null
  readonly output: string
  readonly errors: string
  /** Of the process with all its threads. */
  readonly peakMegabytes: number
}

export interface ChildOptions {
  readonly environment?: NodeJS.ProcessEnv
  /** The child is stopped after this many seconds; by default never. */
  readonly seconds?: number
}

export async function runChild(
  command: string,
  args: readonly string[],
  { environment = process.env, seconds }: ChildOptions = {},
): Promise<ChildResult> {
  const child = spawn(command, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  let peak = 0
  const watch = setInterval(() => {
    try {
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0))
    } catch {
      // it has just ended
    }
  }, 50)
  const stop = seconds === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), 1000 * seconds)
  let [output, errors] = ['', '']
  child.stdout.on('data', (data) => (output += data))
  child.stderr.on('data', (data) => (errors += data))
  const code = await new Promise<number | null>((resolve, reject) => child.on('close', resolve).on('error', reject))
  clearInterval(watch)
  clearTimeout(stop)
  return { code, output, errors, peakMegabytes: peak / 1024 }
}
