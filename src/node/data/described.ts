/** Data that a dataset.toml describes: where the parts are, what the classes are called, and what files do not say. */
import { dirname, isAbsolute, join } from 'node:path'
import { z } from 'zod'
import { UserError, badFile, unknownName } from '../../base/errors.ts'
import {
  type Examples,
  type Parts,
  defaultDivision,
  divide,
  matchParts,
  testAlone,
  withClasses,
} from '../../data/examples.ts'
import { decodeText } from '../../formats/foreign.ts'
import { parseTomlOrJson } from '../../formats/toml-json.ts'
import { formatShape, sizeOf } from '../../model/layers.ts'
import { readWholeFile } from '../atomic.ts'
import type { Reading } from './reading.ts'
import { readSource, readWhole } from './sources.ts'

const size = z.int().positive()
const range = z.tuple([z.number(), z.number()]).refine(([low, high]) => low < high, 'the lower end comes first')

const schema = z
  .strictObject({
    /** File or folder of all examples, as seen from the toml file; or train and test. */
    data: z.string(),
    train: z.string(),
    test: z.string(),
    split: z.strictObject({
      test: z.number().gt(0).lt(1).exactOptional(),
      seed: z.int().nonnegative().exactOptional(),
    }),
    /** Their names, in the order of their numbers. */
    classes: z.array(z.string()).min(1).max(256),
    /** Of a table: the column of the classes, and those that are left out. */
    label: z.string(),
    ignore: z.array(z.string()),
    /** Of a table: from which to which value a feature can go, by its name; and of all others. */
    features: z.record(z.string(), range),
    range,
    /** Of images that are stored as rows of values: channels, height and width. */
    shape: z.tuple([size, size, size]),
    layout: z.enum(['NHWC', 'NCHW']),
  })
  .partial()

type Description = z.infer<typeof schema>

/** @throws UserError naming the key that is wrong, and what is wrong with the files */
export async function readDescribed(file: string, reading: Reading): Promise<Parts> {
  const text = decodeText(readWholeFile(file), file)
  const description = check(parseTomlOrJson(text, file, 'a data set'), file)
  const at = (path: string) => (isAbsolute(path) ? path : join(dirname(file), path))
  const change = (examples: Examples) => changed(examples, description, file)
  const { data, train, test, split } = description
  if (test !== undefined) {
    const read = async (path: string) => change(await readWhole(at(path), description, reading))
    const aside = await read(test)
    return finish(train === undefined ? testAlone(aside) : { train: await read(train), test: aside }, description, file)
  }
  const read = await readSource(at(data!), description, reading)
  if (!('train' in read)) return finish(divide(change(read), { ...defaultDivision, ...split }), description, file)
  if (split) throw badFile(`${file}: ${data} has a training and a test part already: leave split out`)
  return finish({ train: change(read.train), test: change(read.test) }, description, file)
}

function check(given: Record<string, unknown>, file: string): Description {
  const parsed = schema.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    if (issue.code === 'unrecognized_keys') {
      throw badFile(`${file}: ${unknownName('key', issue.keys[0], Object.keys(schema.shape)).message}`)
    }
    throw badFile(`${file}: ${issue.path.join('.')}: ${issue.message.replace(/^Invalid input: /, '')}`)
  }
  const { data, train, test, split } = parsed.data
  if ((data === undefined) === (test === undefined) || (test === undefined && train !== undefined)) {
    throw badFile(`${file}: give either data, or train and test: files or folders as seen from this file`)
  }
  if (split && test !== undefined) {
    throw badFile(`${file}: split is for data without parts: leave it out beside train and test`)
  }
  return parsed.data
}

/** What the description says of either part. */
function changed(examples: Examples, { classes, shape }: Description, file: string): Examples {
  const named = classes ? withClasses(examples, classes) : examples
  if (!shape) return named
  const [channels, height, width] = shape
  const wanted = { channels, height, width }
  if (sizeOf(wanted) === sizeOf(examples.shape)) return { ...named, shape: wanted }
  throw badFile(
    `${file}: shape ${shape.join(' × ')} has ${sizeOf(wanted)} values, but ${examples.from} ${formatShape(examples.shape)}`,
  )
}

/** Both parts alike, their features with the ranges that are given. */
function finish(parts: Parts, { features = {}, range: all }: Description, file: string): Parts {
  const { train, test } = matchParts(parts)
  const named = Object.keys(features)
  if (!train.features) {
    if (named.length === 0 && !all) return { train, test }
    throw badFile(`${file}: ${all ? 'range' : 'features'} is for tables, but ${train.from} holds images: leave it out`)
  }
  const names = train.features.map(({ name }) => name)
  const wrong = named.find((name) => !names.includes(name))
  if (wrong !== undefined) throw badFile(`${file}: ${unknownName('feature', wrong, names).message}`)
  const ranges = train.features.map(({ name, low, high }) => {
    const given = features[name] ?? all
    if (!given && train.count === 0) throw withoutRange(name, file)
    const [least, most] = given ?? [low, high]
    if (least <= low && most >= high) return { name, low: least, high: most }
    throw new UserError(
      `${file}: '${name}' goes from ${low} to ${high}, which is not within the range ${least} to ${most}`,
    )
  })
  return { train: { ...train, features: ranges }, test: { ...test, features: ranges } }
}

/** Rows of a test alone do not say how the inputs of networks were scaled: proofs would be about others. */
export const withoutRange = (feature: string, from: string): UserError =>
  new UserError(
    `${from}: rows of a test alone do not tell the range of '${feature}' in training: give it in a dataset.toml, ` +
      'under [features], or as range = [LOW, HIGH] for all',
  )
