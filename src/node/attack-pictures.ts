/** Pictures of adversarial examples, in a folder. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { AttackRow } from '../attacks/attack-row.ts'
import { examples } from '../attacks/inputs.ts'
import { comparison } from '../attacks/picture.ts'
import { UserError } from '../base/errors.ts'
import { type Dataset, className } from '../data/dataset.ts'
import type { AttackRecord } from './attack-record.ts'
import { makeFolder } from './folder.ts'
import { Lock, withoutLocks } from './lock.ts'
import { writePng } from './png-file.ts'

export class AttackPictures implements AttackRecord {
  readonly #path: string
  readonly #dataset: Dataset
  readonly #lock: Lock

  /**
   * @param path of the folder: made if it is not there. Until `close`, no other process writes to it
   * @throws UserError if it is not empty, or for images that no PNG can hold
   */
  constructor(path: string, dataset: Dataset) {
    this.#path = path
    this.#dataset = dataset
    const { channels } = dataset.shape
    if (channels !== 1 && channels !== 3) {
      throw new UserError(`images of ${channels} channels cannot be saved as PNG: choose a .npz file`)
    }
    makeFolder(path)
    this.#lock = Lock.ofFolder(path)
    if (withoutLocks(readdirSync(path)).length === 0) return
    this.close()
    throw new UserError(`the folder ${path} is not empty: choose another one for the pictures`)
  }

  finish(): void {}

  close(): void {
    this.#lock.release()
  }

  /** Writes the picture of an image's adversarial example, if it has one. @returns its path */
  save({ index, label, adversarial }: AttackRow): string | undefined {
    if (!adversarial) return undefined
    const { name, shape } = this.#dataset
    const [truth, prediction] = [label, adversarial.prediction].map((c) => className(this.#dataset, c)) as [
      string,
      string,
    ]
    const image = examples(this.#dataset, [index]).images[0]!
    const picture = comparison({ shape, image, adversarial: adversarial.image, label: truth, prediction })
    const file = [name, index, 'label', truth, 'taken for', prediction].join(' ')
    const path = join(this.#path, `${inFileName(file)}.png`)
    writePng(path, picture.shape, picture.values)
    return path
  }
}

/** Words joined by dashes: letters and digits of any language. */
const inFileName = (text: string) => text.match(/[\p{L}\p{N}]+/gu)!.join('-')
