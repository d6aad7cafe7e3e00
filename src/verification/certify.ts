/** Certification of a network over a range of a data set: streamed to a file, on all workers, resumed after a kill. */
import { createHash } from 'node:crypto'
import { type PgdSettings, pgdOptions } from '../attacks/attack.ts'
import { type RangeOptions, checkInputs, countTasks } from '../attacks/inputs.ts'
import type { Dataset } from '../data/dataset.ts'
import { WorkerPool, scriptBeside } from '../engine/pool.ts'
import { UserError, unknownName } from '../errors.ts'
import type { Architecture, Network } from '../networks/network.ts'
import type { CertifyData, CertifyJob } from './certify-worker.ts'
import { type CertifyHeader, type CertifyMethod, type CertifyRow, RowFile, certifyMethods } from './rows.ts'
import { type CertifySummary, summarise } from './summary.ts'

export { type CertifyMethod, certifyMethods } from './rows.ts'

export interface CertifyOptions extends RangeOptions {
  /** 'clean' is always among them. */
  readonly methods: readonly CertifyMethod[]
  /** Attacks keep pixels in [0, 1]; certificates always hold over the whole ball. */
  readonly clip: boolean
  readonly pgd?: PgdSettings | undefined
  /** The file of rows (JSON lines), see rows.ts. */
  readonly out: string
  /** Go on with `out` if it is there. */
  readonly resume: boolean
  /** Called with each new row, in order of index. */
  readonly onRow?: ((row: CertifyRow) => void) | undefined
  /** Images done, rows of a resumed file included. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

/**
 * Finds the clean, PGD, interval-certified and LP-certified errors of the images `first` to `last` − 1.
 * Sound: an image counts as certified only if it is classified correctly and a bound that gives way to rounding proves
 * it for the whole ball; as vulnerable only by an adversarial example that `recheck` confirmed. Complete: no.
 * Rows depend on nothing but their image and the header (times apart). A range that was certified to its end may be
 * resumed with a larger `last`.
 * @throws UserError for input that makes no sense, a file that exists or is of another run, a full disk, lost workers
 * @throws Error if an image is certified and attacked at once: the program is wrong, and says of which image
 */
export async function certify(given: Network, dataset: Dataset, options: CertifyOptions): Promise<CertifySummary> {
  checkInputs(given, dataset, options)
  // a copy, in case it is being trained
  const network = { ...given, parameters: given.parameters.slice() }
  const { epsilon, first, last, clip, seed, out, resume } = options
  const methods = methodsOf(options)
  const attack = pgdOptions(options.pgd ?? {}, clip, seed)
  const header: CertifyHeader = {
    format: 'robustra certificates',
    version: 1,
    network: { name: network.architecture.name, sha256: hashOfNetwork(network) },
    dataset: { name: dataset.name, sha256: sha256(dataset.images, dataset.labels) },
    first,
    epsilon,
    methods,
    domain: { certificates: 'whole ball', attacks: clip ? '[0, 1]' : 'whole ball' },
    ...(methods.includes('pgd') && { attack: withoutClip(attack) }),
  }
  const started = performance.now()
  const file = new RowFile(out, header, resume)
  try {
    const rows = file.rows.slice(0, last - first)
    const resumed = rows.length
    options.onProgress?.(resumed, last - first)
    const job: CertifyJob = { epsilon, methods, attack, first: first + resumed, last }
    await runInOrder(network, dataset, job, options.workers, (next) => {
      file.append(next)
      rows.push(...next)
      next.forEach((row) => options.onRow?.(row))
      options.onProgress?.(rows.length, last - first)
    })
    return summarise(header, rows, { seconds: (performance.now() - started) / 1000, images: rows.length - resumed })
  } finally {
    file.close()
  }
}

/**
 * Runs all tasks on a pool of its own. Results that come early wait for those before them.
 * @param take gets the rows of one task after the other; what it throws ends the run
 */
async function runInOrder(
  network: Network,
  dataset: Dataset,
  job: CertifyJob,
  workers: number,
  take: (rows: CertifyRow[]) => void,
): Promise<void> {
  const tasks = countTasks(job)
  if (tasks === 0) return
  const script = scriptBeside(import.meta.url, './certify-worker')
  const pool = new WorkerPool(script, Math.min(workers, tasks), { network, dataset } satisfies CertifyData)
  const waiting = new Map<number, CertifyRow[]>()
  let next = 0
  let failure: { readonly error: unknown } | undefined
  try {
    await pool.run<CertifyRow[]>('certify', job, tasks, (task, rows) => {
      waiting.set(task, rows)
      try {
        for (let ready = waiting.get(next); ready && !failure; ready = waiting.get(++next)) {
          waiting.delete(next)
          take(ready)
        }
      } catch (error) {
        failure ??= { error }
        // the run ends as soon as its workers are gone
        void pool.close()
      }
    })
  } catch (error) {
    throw failure ? failure.error : error
  } finally {
    await pool.close()
  }
  if (failure) throw failure.error
}

/** @throws UserError for unknown methods, or none */
function methodsOf({ methods }: CertifyOptions): CertifyMethod[] {
  for (const method of methods) {
    if (!certifyMethods.includes(method)) throw unknownName('method', method, certifyMethods)
  }
  if (methods.length === 0) throw new UserError(`no method: choose one or more of ${certifyMethods.join(', ')}`)
  return certifyMethods.filter((method) => method === 'clean' || methods.includes(method))
}

const withoutClip = ({ steps, stepSize, restarts, randomStart, seed }: ReturnType<typeof pgdOptions>) => ({
  ...{ steps, stepSize, restarts, randomStart, seed },
})

/** Identifies what a network computes: its shapes and layers, not its name, and its parameters. */
function hashOfNetwork({ architecture, parameters }: Network): string {
  const bytes = new Uint8Array(parameters.buffer, parameters.byteOffset, parameters.byteLength)
  return sha256(new TextEncoder().encode(describe(architecture)), bytes)
}

/** With the keys in a fixed order, whoever made the objects. */
function describe({ input, layers }: Architecture): string {
  const sorted = (object: object) => Object.entries(object).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([sorted(input), layers.map(sorted)])
}

function sha256(...parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}
