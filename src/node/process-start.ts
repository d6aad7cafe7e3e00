/** When a process started: with its number, this tells it from later processes of the same number. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { hasCode } from './atomic.ts'

/**
 * When the process of that number started, as text that no later process has; undefined if there is none or the system
 * does not say. On Linux: ticks since the boot, and which boot; elsewhere what ps says.
 */
export const startOf = (number: number): string | undefined => startOnLinux(number) ?? startByPs(number)

function startOnLinux(number: number): string | undefined {
  try {
    // the second field, a name in brackets, may have spaces and brackets in it; the start is the 22nd
    const stat = readFileSync(`/proc/${number}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields[19]}`
  } catch {
    return undefined
  }
}

function startByPs(number: number): string | undefined {
  try {
    const flags = ['-o', 'lstart=', '-p', `${number}`]
    return execFileSync('ps', flags, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim() || undefined
  } catch {
    return undefined
  }
}

/** Whether the process of that number that started then is still there. @param started null: its start is not known */
export function isRunning(number: number, started: string | null): boolean {
  try {
    process.kill(number, 0)
  } catch (error) {
    // one of another user is there, too
    if (!hasCode(error, 'EPERM')) return false
  }
  const now = started === null ? undefined : startOf(number)
  return now === undefined || now === started
}
