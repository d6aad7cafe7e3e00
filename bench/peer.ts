/**
 * Dense PyTorch peers (Debian's python3-torch), run as child processes on the same images and weights. They time
 * themselves, without their start.
 */
import { fileURLToPath } from 'node:url'
import { UserError } from '../src/base/errors.ts'
import { runChild } from './child.ts'

export interface PeerResult {
  readonly millisecondsPerImage: number
  readonly certified: number
  readonly peakMegabytes: number
}

/** The allocator and thread settings that make a peer fastest. */
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
  return { millisecondsPerImage: result['ms_per_image'], certified: result['certified'], peakMegabytes }
}

/** Dense dual passes per second, one bound of one margin each, hidden bounds given. @param args see dense_passes.py */
export async function timeDensePasses(threads: number, args: readonly string[]): Promise<number> {
  return (await runPython(scriptHere('dense_passes.py'), threads, args)).result['passes_per_second']
}

/**
 * Debian's PyTorch takes whatever BLAS there is, and the reference implementation is slower by a factor of 4 to 10.
 * @throws UserError if it would take that, or if PyTorch is missing
 */
export async function requireFastBlas(): Promise<void> {
  const program =
    'import json, torch; torch.ones(64, 64) @ torch.ones(64, 64); ' +
    'print(json.dumps({"slow": any("/blas/libblas.so" in line for line in open("/proc/self/maps"))}))'
  const { result } = await runPython('-c', 1, [program])
  if (result['slow']) {
    throw new UserError('the peer would run on the reference BLAS, which is slow: install libopenblas0-pthread')
  }
}

/** A script of this folder. */
export const scriptHere = (name: string) => fileURLToPath(new URL(name, import.meta.url))

async function runPython(script: string, threads: number, args: readonly string[]) {
  const { code, output, errors, peakMegabytes } = await runChild('/usr/bin/python3', [script, ...args], {
    environment: environment(threads),
  })
  if (code !== 0) {
    throw new UserError(
      `the peer ${script} failed: ${errors.trim().split('\n').at(-1) ?? code} (it needs Debian's python3-torch)`,
    )
  }
  return { result: JSON.parse(output) as Record<string, number>, peakMegabytes }
}
