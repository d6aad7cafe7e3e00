/**
 * NumPy's arrays as examples. Which array is what is told by its name, or by its place where they have none; which axis is
 * what by the sizes:
 * - [N, D]: rows of a table, or images as one row of values each
 * - [N, height, width]: grey images
 * - [N, height, width, channels] if the last size is 1 or 3 and the second is not; [N, channels, height, width] if it is
 *   the other way round
 * Integers must be 0 to 255 (white), floats in [0, 1]; truth values are black and white. Rows with other numbers are a table.
 */
import { type UserError, badFile } from '../base/errors.ts'
import type { NpyArray } from '../formats/npy.ts'
import { type Shape, sizeOf } from '../model/layers.ts'
import { type Examples, type Parts, testAlone } from './examples.ts'
import { rangeOf } from './table.ts'

export type Layout = 'NHWC' | 'NCHW'

interface Named {
  readonly name: string
  readonly array: NpyArray
}

/** Names in lower case, images and labels in turn. */
const trainNames = [
  ['x_train', 'train_images', 'train_x', 'train_data'],
  ['y_train', 'train_labels', 'train_y'],
]
const testNames = [
  ['x_test', 'test_images', 'test_x', 'test_data'],
  ['y_test', 'test_labels', 'test_y'],
]
const allNames = [
  ['images', 'x', 'data', 'features'],
  ['labels', 'y', 'label', 'target', 'targets'],
]
const classNamesNames = ['class_names', 'classes', 'label_names', 'target_names']

/**
 * The examples of an archive: x_train, y_train, x_test and y_test, or images and labels, under these or other usual names;
 * or two or four arrays without names, in this order. x_test and y_test may be alone. Other arrays are left aside.
 * @param path the name of the file, for messages
 * @throws UserError if there are none, or an array is not what it must be
 */
export function examplesOfArrays(
  arrays: ReadonlyMap<string, NpyArray>,
  path: string,
  layout?: Layout,
): Examples | Parts {
  const all = [...arrays].map(([name, array]): Named => ({ name, array }))
  const pick = (names: readonly string[]) => all.find(({ name }) => names.includes(name.toLowerCase()))
  const classNames = pick(classNamesNames)?.array.texts
  const unnamed = all.filter(({ name }) => /^arr_\d+$/.test(name))
  const trainPair = unnamed.length === 4 ? unnamed.slice(0, 2) : trainNames.map(pick)
  const testPair = unnamed.length === 4 ? unnamed.slice(2) : testNames.map(pick)
  const parts = [trainPair, testPair].filter(([images, labels]) => images && labels)
  // one part's values are those of images only if the other's are
  const isTable = parts.some(([images]) => isTableOf(images!))
  const pair = ([images, labels]: readonly (Named | undefined)[], table = isTable): Examples | undefined =>
    images &&
    labels && {
      ...examplesOf(images, labels, path, { layout, isTable: table }),
      ...(classNames && { classNames, classes: classNames.length }),
    }
  const [train, test] = [pair(trainPair), pair(testPair)]
  if (train && test) return { train, test }
  const bothPair = unnamed.length === 2 ? unnamed : allNames.map(pick)
  const both = train ?? pair(bothPair, bothPair[0] && isTableOf(bothPair[0]))
  if (both && !test) return both
  if (test && !both) return testAlone(test)
  throw badFile(
    `${path} holds ${all.map(({ name }) => `'${name}'`).join(', ') || 'nothing'}: ` +
      'give it x_train, y_train, x_test and y_test, or images and labels',
  )
}

/** Rows of numbers that no image has. */
export const isTableOf = ({ array }: Named): boolean => array.shape.length === 2 && firstOutside(array) >= 0

/** @throws UserError naming the array that is not what it must be */
export function examplesOf(
  images: Named,
  labels: Named,
  path: string,
  { layout, isTable = isTableOf(images) }: { readonly layout?: Layout | undefined; readonly isTable?: boolean } = {},
): Examples {
  const { shape, data, texts } = images.array
  const refuse = (what: string) => badFile(`${path}: array '${images.name}' ${what}`)
  if (texts) throw refuse('holds texts, not values')
  const [count] = shape
  const { shape: imageShape, isLast } = shapeOf(shape, layout, refuse)
  const size = sizeOf(imageShape)
  const classes = classesIn(labels, path)
  if (labels.array.shape[0] !== count) {
    throw refuse(`has ${count} examples, but '${labels.name}' ${labels.array.shape[0]}`)
  }
  const table = isTable && shape.length === 2
  const values = table ? requireFinite(data, refuse) : toValues(images.array, refuse)
  const rowOf = (index: number) => values.subarray(index * size, (index + 1) * size)
  const rows = table ? Array.from({ length: count }, (_, i) => Float64Array.from(rowOf(i))) : []
  return {
    ...{ from: path, shape: imageShape, count, classes },
    ...(table && {
      features: Array.from({ length: size }, (_, f) => ({ name: `feature ${f}`, ...rangeOf(rows, f) })),
    }),
    valuesAt: table
      ? (index) => rows[index]
      : (index) => (isLast ? channelsFirst(rowOf(index), imageShape) : rowOf(index)),
    labelAt: (index) => Number(labels.array.data[index]),
  } as Examples
}

function shapeOf(sizes: readonly number[], layout: Layout | undefined, refuse: (what: string) => UserError) {
  const [count, a, b, c] = sizes
  if (sizes.length < 2 || sizes.length > 4 || sizes.includes(0)) {
    throw refuse(`has the shape [${sizes.join(', ')}]: it must be [N, D], [N, height, width], or that with channels`)
  }
  if (count === undefined || a === undefined) throw refuse('is empty')
  if (b === undefined) return { shape: { channels: a, height: 1, width: 1 }, isLast: false }
  if (c === undefined) return { shape: { channels: 1, height: a, width: b }, isLast: false }
  const few = (size: number) => size === 1 || size === 3
  const told = layout ?? (few(c) === few(a) ? undefined : few(c) ? 'NHWC' : 'NCHW')
  if (told === undefined) {
    throw refuse(
      `has the shape [${sizes.join(', ')}], which does not tell where its channels are: say it in a dataset.toml, by ` +
        'layout = "NHWC" or "NCHW"',
    )
  }
  return told === 'NHWC'
    ? { shape: { channels: c, height: a, width: b }, isLast: true }
    : { shape: { channels: a, height: b, width: c }, isLast: false }
}

/** The place of the first value that is not of an image: that is no byte, or no float in [0, 1]; −1 if there is none. */
const firstOutside = ({ data, kind }: Pick<NpyArray, 'data' | 'kind'>): number => {
  const most = kind === 'float' ? 1 : 255
  return data.findIndex((value) => !(value >= 0 && value <= most))
}

/** Bytes, or floats in [0, 1]. */
function toValues({ data, kind }: NpyArray, refuse: (what: string) => UserError): Uint8Array | Float32Array {
  if (kind === 'truth') return Uint8Array.from(data, (value) => 255 * value)
  if (data instanceof Uint8Array) return data
  const isFloat = kind === 'float'
  const wrong = firstOutside({ data, kind })
  if (wrong < 0) return isFloat ? Float32Array.from(data) : Uint8Array.from(data)
  throw refuse(
    isFloat
      ? `holds ${data[wrong]}: floats must be in [0, 1], so divide them (by 255, if white is 255), or save bytes`
      : `holds ${data[wrong]}: integers must be 0 to 255`,
  )
}

function requireFinite(data: NpyArray['data'], refuse: (what: string) => UserError) {
  const wrong = data.findIndex((value) => !Number.isFinite(value))
  if (wrong >= 0) throw refuse(`holds ${data[wrong]}: all values must be finite`)
  return data
}

/** From [y][x][channel] to [channel][y][x]. */
function channelsFirst(values: Uint8Array | Float32Array | Float64Array, { channels, height, width }: Shape) {
  const pixels = height * width
  const result = values.slice()
  for (let at = 0; at < pixels; at++) {
    for (let c = 0; c < channels; c++) result[c * pixels + at] = values[at * channels + c]
  }
  return result
}

/** One more than the largest label. */
function classesIn({ name, array: { shape, data, texts } }: Named, path: string): number {
  const refuse = (what: string) => badFile(`${path}: array '${name}' ${what}`)
  if (texts) throw refuse('holds texts: give each class a number from 0, and their names in class_names')
  if (shape.length > 2 || (shape.length === 2 && shape[1] !== 1) || shape.length === 0) {
    throw refuse(`has the shape [${shape.join(', ')}]: labels are [N], a number for each example`)
  }
  let largest = 0
  for (const label of data) {
    if (!(Number.isInteger(label) && label >= 0 && label < 256)) throw refuse(`holds ${label}: labels are 0 to 255`)
    largest = Math.max(largest, label)
  }
  return largest + 1
}
