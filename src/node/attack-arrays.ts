/** Adversarial examples as arrays in a .npz file, written at once at the end. */
import { existsSync } from 'node:fs'
import type { AttackHeader, AttackRow } from '../attacks/attack-row.ts'
import { UserError } from '../base/errors.ts'
import { type Dataset, className } from '../data/dataset.ts'
import { type NumpyArray, encodeArrays } from '../formats/npz.ts'
import { sizeOf } from '../model/layers.ts'
import { writeFileAtomic } from './atomic.ts'
import type { AttackRecord } from './attack-record.ts'
import { Lock } from './lock.ts'

/**
 * For N adversarial examples: `images` (float32, N × channels × height × width, pixels in [0, 1] if these are the domain),
 * `labels` and `predictions` (classes), `indices` in the data set (int64, N each), and as texts `attack`, what was asked
 * for, in JSON, and `classes`, the names of the classes, one a line.
 */
export class AttackArrays implements AttackRecord {
  readonly #path: string
  readonly #dataset: Dataset
  readonly #header: AttackHeader
  readonly #lock: Lock
  readonly #found: AttackRow[] = []

  /** @throws UserError if the file is there, or cannot be written */
  constructor(path: string, dataset: Dataset, header: AttackHeader) {
    if (existsSync(path)) throw new UserError(`${path} exists already: choose another file`)
    this.#path = path
    this.#dataset = dataset
    this.#header = header
    this.#lock = Lock.ofFile(path)
  }

  save(row: AttackRow): undefined {
    if (row.adversarial) this.#found.push(row)
  }

  finish(): void {
    writeFileAtomic(this.#path, encodeArrays(this.#arrays(), this.#texts(), this.#path))
  }

  close(): void {
    this.#lock.release()
  }

  #arrays(): Map<string, NumpyArray> {
    const { shape } = this.#dataset
    const size = sizeOf(shape)
    const count = this.#found.length
    const images = new Float32Array(count * size)
    this.#found.forEach(({ adversarial }, i) => images.set(adversarial!.image, i * size))
    const integers = (valueOf: (row: AttackRow) => number) => ({
      shape: [count],
      data: BigInt64Array.from(this.#found, (row) => BigInt(valueOf(row))),
    })
    return new Map<string, NumpyArray>([
      ['images', { shape: [count, shape.channels, shape.height, shape.width], data: images }],
      ['labels', integers(({ label }) => label)],
      ['predictions', integers(({ adversarial }) => adversarial!.prediction)],
      ['indices', integers(({ index }) => index)],
    ])
  }

  #texts(): Record<string, string> {
    const classes = Array.from({ length: this.#dataset.classes }, (_, c) => className(this.#dataset, c))
    return { attack: JSON.stringify(this.#header), classes: classes.join('\n') }
  }
}
