/**
 * The dense PyTorch peer (Debian's python3-torch), run as a child process on the same images and weights. It times
 * itself, without its start; its peak memory is read from /proc.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { UserError } from '../src/errors.ts'

export interface PeerResult {
  readonly millisecondsPerImage: number
  readonly certified: number
  readonly peakMegabytes: number
}

/** The allocator and thread settings that make the peer fastest. */
const environment = (threads: number) => ({
  ...process.env,
  GLIBC_TUNABLES:
    'glibc.malloc.mmap_threshold=4294967296:glibc.malloc.trim_threshold=17179869184:glibc.malloc.top_pad=268435456',
  OPENBLAS_NUM_THREADS: '1',
  OMP_NUM_THREADS: String(threads),
})

/** Bounds the same as ours does. @throws UserError if the script or PyTorch is missing */
export async function runPeer(script: string, threads: number, args: readonly string[]): Promise<PeerResult> {
  const { result, peakMegabytes } = await runPython(script, threads, args)
  return { millisecondsPerImage: result['ms_per_image']!, certified: result['certified']!, peakMegabytes }
}

/** Dense dual passes per second, one bound of one margin each, hidden bounds given. @param args see dense_passes.py */
export async function timeDensePasses(threads: number, args: readonly string[]): Promise<number> {
  const script = fileURLToPath(new URL('./dense_passes.py', import.meta.url))
  return (await runPython(script, threads, args)).result['passes_per_second']!
}

async function runPython(script: string, threads: number, args: readonly string[]) {
  const child = spawn('/usr/bin/python3', [script, ...args], {
    env: environment(threads),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let peak = 0
  const watch = setInterval(() => {
    try {
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0))
    } catch {
      // it has just ended
    }
  }, 50)
  let [output, errors] = ['', '']
  child.stdout.on('data', (data) => (output += data))
  child.stderr.on('data', (data) => (errors += data))
  const code = await new Promise((resolve) => child.on('close', resolve).on('error', resolve))
  clearInterval(watch)
  if (code !== 0) {
    throw new UserError(
      `the peer ${script} failed: ${errors.trim().split('\n').at(-1) ?? code} (it needs Debian's python3-torch)`,
    )
  }
  return { result: JSON.parse(output) as Record<string, number>, peakMegabytes: peak / 1024 }
}
