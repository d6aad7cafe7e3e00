/** Pictures of adversarial examples, in a folder. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { AttackRow } from '../attacks/attack-row.ts'
import { examples } from '../attacks/inputs.ts'
import { comparison } from '../attacks/picture.ts'
import { UserError } from '../base/errors.ts'
import type { Dataset } from '../data/dataset.ts'
import type { Ball } from '../region/ball.ts'
import { makeFolder } from './folder.ts'
import { Lock, withoutLocks } from './lock.ts'
import { writePng } from './png-file.ts'

export class AttackPictures {
  readonly #path: string
  readonly #dataset: Dataset
  readonly #ball: Ball
  readonly #lock: Lock

  /**
   * @param path of the folder: made if it is not there. Until `close`, no other process writes to it
   * @throws UserError if it is not empty, or for images that no PNG can hold
   */
  constructor(path: string, dataset: Dataset, ball: Ball) {
    this.#path = path
    this.#dataset = dataset
    this.#ball = ball
    const { channels } = dataset.shape
    if (channels !== 1 && channels !== 3) {
      throw new UserError(`images of ${channels} channels cannot be saved as PNG`)
    }
    makeFolder(path)
    this.#lock = Lock.ofFolder(path)
    if (withoutLocks(readdirSync(path)).length === 0) return
    this.close()
    throw new UserError(`the folder ${path} is not empty: choose another one for the pictures`)
  }

  close(): void {
    this.#lock.release()
  }

  /** Writes the picture of an image's adversarial example, if it has one. @returns its path */
  save({ index, label, adversarial }: AttackRow): string | undefined {
    if (!adversarial) return undefined
    const { name, shape } = this.#dataset
    const { epsilon, norm } = this.#ball
    const original = examples(this.#dataset, [index]).images[0]!
    const after = adversarial.image
    // a pixel of an ℓ2 or ℓ1 ball hardly ever moves by ε
    const change =
      norm === 'linf' ? epsilon : after.reduce((most, x, j) => Math.max(most, Math.abs(x - original[j])), 0)
    const picture = comparison(shape, original, after, change)
    const path = join(this.#path, `${name}-${index}-label-${label}-taken-for-${adversarial.prediction}.png`)
    writePng(path, picture.shape, picture.values, 4)
    return path
  }
}
