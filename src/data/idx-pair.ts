/** Images and their labels in two idx files, as MNIST and those made after it have them. */
import { badFile } from '../base/errors.ts'
import { parseIdx } from '../formats/idx.ts'
import { type Dataset, type LabelledImages, imagesOf } from './dataset.ts'

/** An idx file: its content, and its name for messages. */
export interface IdxFile {
  readonly name: string
  readonly bytes: Uint8Array
}

/**
 * The images with their labels, in the memory of the files.
 * @throws UserError naming the file if one is damaged, if they have different numbers, or if a label is no class
 */
export function readIdxPair(
  about: Pick<Dataset, 'name' | 'classes' | 'classNames'>,
  imagesFile: IdxFile,
  labelsFile: IdxFile,
): LabelledImages {
  const images = parseIdx(imagesFile.bytes, imagesFile.name, 3)
  const labels = parseIdx(labelsFile.bytes, labelsFile.name, 1)
  const [count, height, width] = images.dimensions as [number, number, number]
  if (labels.data.length !== count) {
    throw badFile(`${labelsFile.name} has ${labels.data.length} labels, but ${imagesFile.name} has ${count} images`)
  }
  const wrong = labels.data.findIndex((label) => label >= about.classes)
  if (wrong >= 0) {
    throw badFile(
      `label ${wrong} of ${labelsFile.name} is ${labels.data[wrong]}: the classes are 0 to ${about.classes - 1}`,
    )
  }
  return imagesOf({ ...about, shape: { channels: 1, height, width }, images: images.data, labels: labels.data, count })
}
