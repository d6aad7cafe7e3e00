/** Data sets of a caller's own arrays and tables: checked, and copied into memory that threads share. */
import { UserError, requireWhole } from '../base/errors.ts'
import { sharedBytes, sharedFloats } from '../base/shared-memory.ts'
import { type Shape, formatShape, requireShape, sizeOf } from '../model/layers.ts'
import type { Dataset, Feature, Values } from './dataset.ts'

/** A label is a byte. */
export const MOST_CLASSES = 256

interface Labelled {
  /** For people, in messages and tables; 'own data' by default. */
  readonly name?: string | undefined
  /** One class per image, whole numbers from 0. */
  readonly labels: ArrayLike<number>
  /** What the classes are called, one name for each. */
  readonly classNames?: readonly string[] | undefined
  /** How many there are; by default as many as there are names, or else one more than the largest label. */
  readonly classes?: number | undefined
}

export interface GivenImages extends Labelled {
  /** All images one after another, [channel][y][x] each: bytes stand for byte / 255, floats are numbers in [0, 1]. */
  readonly images: Values
  /** Of one image. */
  readonly shape: Shape
}

export interface GivenTable extends Labelled {
  /** One array of values for each example, in the units of `features`. */
  readonly rows: readonly ArrayLike<number>[]
  /** One for each value of a row: its name, and the least and the largest value that it can have. */
  readonly features: readonly Feature[]
}

/**
 * A data set of images.
 * @throws UserError for lengths that do not fit, a label that is no class, more than 256 classes, and a value that is NaN
 *   or not in [0, 1]
 */
export function datasetOf({ name = 'own data', images, shape, ...given }: GivenImages): Dataset {
  requireGiven(name, { images, shape, labels: given.labels })
  requireShape(shape)
  const size = sizeOf(shape)
  if (!(images instanceof Uint8Array || images instanceof Float32Array)) {
    throw new UserError(`the images of ${name} must be a Uint8Array (0 to 255) or a Float32Array (0 to 1)`)
  }
  const count = given.labels.length
  if (images.length !== count * size) {
    throw new UserError(
      `${name} has ${count} labels and ${images.length} values: ${count} images of ${formatShape(shape)} have ${count * size}`,
    )
  }
  const own = images instanceof Float32Array ? sharedFloats(images.length) : sharedBytes(images.length)
  own.set(images)
  const { classes, classNames } = classesOf(name, given)
  const labels = sharedBytes(count)
  for (let i = 0; i < count; i++) {
    requireWhole(`label ${i} of ${name}`, given.labels[i], 0, classes - 1)
    labels[i] = given.labels[i]
  }
  const dataset = { name, shape, classes, classNames, images: own, labels, count }
  checkDataset(dataset)
  return dataset
}

/**
 * A data set of a table: value x of a feature is stored as (x − low) / (high − low).
 * @throws UserError for a feature without a range, a row of another length, a value outside its range, and wrong labels
 */
export function tableOf({ rows, features, ...given }: GivenTable): Dataset {
  const name = given.name ?? 'own data'
  requireGiven(name, { rows, features, labels: given.labels })
  for (const { name: feature, low, high } of features) {
    if (Number.isFinite(high - low) && low < high) continue
    throw new UserError(
      `feature '${feature}' of ${name} goes from ${low} to ${high}: give finite ends, the lower first`,
    )
  }
  const images = sharedFloats(rows.length * features.length)
  rows.forEach((row, r) => {
    if (row.length !== features.length) {
      throw new UserError(`row ${r} of ${name} has ${row.length} values, but there are ${features.length} features`)
    }
    features.forEach(({ name: feature, low, high }, f) => {
      const value = row[f]
      if (!(value >= low && value <= high)) {
        throw new UserError(`'${feature}' is ${value} in row ${r} of ${name}: its range is ${low} to ${high}`)
      }
      images[r * features.length + f] = (value - low) / (high - low)
    })
  })
  const shape = { channels: features.length, height: 1, width: 1 }
  return { ...datasetOf({ ...given, images, shape }), features }
}

/**
 * Checks a data set that somebody else has put together.
 * @throws UserError as `datasetOf` does
 */
export function checkDataset({ name, shape, classes, classNames, images, labels, count }: Dataset): void {
  requireShape(shape)
  const size = sizeOf(shape)
  if (images.length !== count * size || labels.length !== count) {
    throw new UserError(
      `${name} has ${labels.length} labels and ${images.length} values for ${count} images of ${formatShape(shape)}`,
    )
  }
  requireWhole(`the number of classes of ${name}`, classes, 1, MOST_CLASSES)
  if (classNames && classNames.length !== classes) {
    throw new UserError(`${name} has ${classes} classes, but names for ${classNames.length}`)
  }
  const wrong = labels.findIndex((label) => label >= classes)
  if (wrong >= 0) {
    throw new UserError(
      `label ${wrong} of ${name} is ${labels[wrong]}, but its ${classes} classes are 0 to ${classes - 1}`,
    )
  }
  if (images instanceof Float32Array) {
    const at = images.findIndex((value) => !(value >= 0 && value <= 1))
    if (at >= 0) {
      throw new UserError(
        `value ${at % size} of image ${Math.floor(at / size)} of ${name} is ${images[at]}, which is not in [0, 1]`,
      )
    }
  }
}

/** @throws UserError for what is left out, which types do not see in JavaScript */
function requireGiven(name: string, parts: Readonly<Record<string, unknown>>): void {
  const missing = Object.keys(parts).find((part) => parts[part] === undefined)
  if (missing !== undefined) throw new UserError(`${name} has no ${missing}: give ${Object.keys(parts).join(', ')}`)
}

/** @throws UserError unless there are 1 to 256 classes */
function classesOf(name: string, { labels, classNames, classes }: Labelled) {
  const largest = Array.from(labels).reduce((most, label) => Math.max(most, label), 0)
  const given = classes ?? classNames?.length ?? largest + 1
  requireWhole(`the number of classes of ${name}`, given, 1, MOST_CLASSES)
  return { classes: given, classNames: classNames && [...classNames] }
}
