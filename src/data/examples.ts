/**
 * Examples as somebody's own files hold them, and what makes a data set of them: parts that are divided, or joined so that
 * they have one shape, one list of classes and one range for each feature.
 */
import { UserError } from '../base/errors.ts'
import { Random } from '../base/random.ts'
import { type Shape, formatShape, sizeOf } from '../model/layers.ts'
import type { Feature, LabelledImages, Values } from './dataset.ts'

export interface Examples {
  /** The file or folder that holds them, for messages. */
  readonly from: string
  readonly shape: Shape
  readonly count: number
  /** Without names, classes are numbers. */
  readonly classes: number
  readonly classNames?: readonly string[] | undefined
  /** Of a table: the least and the largest value of each column. */
  readonly features?: readonly Feature[] | undefined
  /** Of a table, values in the units of its features. May read a file each time. */
  readonly valuesAt: (index: number) => Values | Float64Array
  readonly labelAt: (index: number) => number
}

export interface Parts {
  readonly train: Examples
  readonly test: Examples
}

/** How examples without a test part are divided. */
export interface Division {
  /** Which share of each class is for the test: above 0, below 1. */
  readonly test: number
  readonly seed: number
}

export const defaultDivision: Division = { test: 0.2, seed: 0 }

/** Bytes that the values of a part may take: beyond what can be trained on here. */
const MOST_BYTES = 2 ** 31

/** Examples that are a test part alone: for certification and attacks, not for training. */
export const testAlone = (test: Examples): Parts => ({ train: { ...test, count: 0 }, test })

/**
 * Divides examples at random, class by class, so that small classes are in both parts. Each part keeps the order.
 * @throws UserError if a part would be empty
 */
export function divide(examples: Examples, { test, seed }: Division = defaultDivision): Parts {
  const { count, labelAt, from } = examples
  const byClass = new Map<number, number[]>()
  for (let i = 0; i < count; i++) {
    const label = labelAt(i)
    if (!byClass.get(label)?.push(i)) byClass.set(label, [i])
  }
  const chosen = new Set<number>()
  for (const [label, indices] of byClass) {
    const order = new Random(seed, 'test part', label).permutation(indices.length)
    for (const i of order.subarray(0, Math.round(test * indices.length))) chosen.add(indices[i])
  }
  if (chosen.size === 0 || chosen.size === count) {
    throw new UserError(`${from} has ${count} examples: too few to set aside ${test} of each class for the test`)
  }
  const take = (which: (index: number) => boolean): Examples => {
    const indices = Array.from({ length: count }, (_, i) => i).filter(which)
    return {
      ...examples,
      count: indices.length,
      valuesAt: (i) => examples.valuesAt(indices[i]),
      labelAt: (i) => labelAt(indices[i]),
    }
  }
  return { train: take((i) => !chosen.has(i)), test: take((i) => chosen.has(i)) }
}

/**
 * Gives two parts one shape (grey images become colour ones beside these), one list of classes and one range for each
 * feature: that of all rows.
 * @throws UserError saying what differs
 */
export function matchParts({ train, test }: Parts): Parts {
  const [a, b] = [train, test].map((part) => withChannels(part, Math.max(train.shape.channels, test.shape.channels)))
  if (formatShape(a.shape) !== formatShape(b.shape)) {
    throw new UserError(
      `${a.from} has examples of ${formatShape(a.shape)}, but ${b.from} of ${formatShape(b.shape)}: all must be equal`,
    )
  }
  if (!a.features !== !b.features) {
    const [rows, images] = a.features ? [a, b] : [b, a]
    throw new UserError(
      `${rows.from} is a table with ranges of its own, but ${images.from} has values in [0, 1], as images: give both ` +
        'parts of a table in one .npz file, or as .csv files',
    )
  }
  const features = a.features && b.features && joinFeatures(a, b)
  const shared = { ...(features && { features }) }
  if (!a.classNames || !b.classNames) {
    const classes = Math.max(a.classes, b.classes)
    return { train: { ...a, ...shared, classes }, test: { ...b, ...shared, classes } }
  }
  const isSame = a.classNames.join('\n') === b.classNames.join('\n')
  const names = isSame ? a.classNames : sortNames([...a.classNames, ...b.classNames])
  return { train: { ...withClasses(a, names), ...shared }, test: { ...withClasses(b, names), ...shared } }
}

/** The names without repetition, in order: as numbers if all of them are. */
export function sortNames(names: readonly string[]): string[] {
  const areNumbers = names.every((name) => name !== '' && Number.isFinite(Number(name)))
  return [...new Set(names)].toSorted(areNumbers ? (a, b) => Number(a) - Number(b) : byCodeUnits)
}

/** The order of names everywhere, whatever the language of the machine. */
export const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** A grey image as a colour one, whose channels are equal. */
export function inColour(grey: Values | Float64Array): Values {
  const colour = grey instanceof Uint8Array ? new Uint8Array(3 * grey.length) : new Float32Array(3 * grey.length)
  for (let c = 0; c < 3; c++) colour.set(grey, c * grey.length)
  return colour
}

function withChannels(examples: Examples, channels: number): Examples {
  const { shape, valuesAt } = examples
  if (shape.channels !== 1 || channels !== 3) return examples
  return {
    ...examples,
    shape: { ...shape, channels },
    valuesAt: (index) => inColour(valuesAt(index)),
  }
}

/**
 * The same examples with these classes in this order.
 * @throws UserError if one of theirs is not among them
 */
export function withClasses(examples: Examples, names: readonly string[]): Examples {
  const { classNames, classes, from, labelAt } = examples
  if (!classNames) {
    if (classes <= names.length) return { ...examples, classNames: names, classes: names.length }
    throw new UserError(`${from} has ${classes} classes, but names for ${names.length} are given`)
  }
  const places = classNames.map((name) => {
    const place = names.indexOf(name)
    if (place >= 0) return place
    throw new UserError(`${from} has a class '${name}', which is not among the classes given: ${names.join(', ')}`)
  })
  return { ...examples, classNames: names, classes: names.length, labelAt: (index) => places[labelAt(index)] }
}

function joinFeatures(a: Examples, b: Examples): Feature[] {
  return a.features!.map(({ name, low, high }, i) => {
    const other = b.features![i]
    if (other.name === name) return { name, low: Math.min(low, other.low), high: Math.max(high, other.high) }
    throw new UserError(
      `column ${i + 1} of ${a.from} is '${name}', but of ${b.from} '${other.name}': give both the same`,
    )
  })
}

/**
 * Examples as a data set's images: those of tables in the range of each feature.
 * @throws UserError if they are too many for the memory, or have more than 256 classes
 */
export function asImages(name: string, examples: Examples): LabelledImages {
  const { from, shape, classes, classNames, count, labelAt, valuesAt } = examples
  // a feature that never changes has a range all the same
  const features = examples.features?.map((one) => (one.high > one.low ? one : { ...one, high: one.low + 1 }))
  if (classes > 256) throw new UserError(`${from} has ${classes} classes: at most 256 are possible`)
  const isTable = shape.height === 1 && shape.width === 1
  const about = { name, shape, classes, classNames, ...(isTable && { features }), count, labelAt }
  const bytes = count * sizeOf(shape) * (count > 0 ? Math.min(4, valuesAt(0).BYTES_PER_ELEMENT) : 1)
  if (bytes > MOST_BYTES) {
    throw new UserError(
      `${from} has ${count} examples of ${formatShape(shape)}, which take ${(bytes / 2 ** 30).toFixed(1)} GB: ` +
        'at most 2 GB are read, so make the images smaller or fewer',
    )
  }
  return {
    ...about,
    imageAt: (index) => {
      const values = valuesAt(index)
      if (!(values instanceof Float64Array)) return values
      return Float32Array.from(values, (value, i) => {
        const { low, high } = features![i]
        return (value - low) / (high - low)
      })
    },
  }
}
