/** What no caller may hand in: numbers that are not finite, lengths and labels that do not fit. All in one line that says where. */
import { describe, expect, test } from 'vitest'
import { smallCase } from './attacks/random-dataset.testing.ts'
import {
  type Dataset,
  type Network,
  UserError,
  attackImages,
  certify,
  classificationQuestion,
  dualBounds,
  encodeNetwork,
  evaluate,
  evaluateGraph,
  graphOf,
  initialise,
  intervalBounds,
  pixelsAt,
  robustnessQuestion,
  syntheticDigits,
  train,
  trainingOptions,
  verify,
} from './index.ts'
import { tinyData, tinyOptions } from './training/tiny.testing.ts'

const { network, dataset: bytes } = smallCase(0, 4)
const floats: Dataset = { ...bytes, images: Float32Array.from(bytes.images, (byte) => byte / 255) }
const image = pixelsAt(floats, 0)
const around = { epsilon: 0.01, domain: 'unbounded' } as const
const question = robustnessQuestion(network, image, 0, around)

const all = async (rows: AsyncIterable<unknown>) => {
  for await (const row of rows) void row
}
const changed = <A extends Float32Array>(values: A, at: number, value: number) => {
  const copy = values.slice()
  copy[at] = value
  return copy
}
const withParameter = (value: number): Network => ({ ...network, parameters: changed(network.parameters, 5, value) })

async function refuses(work: () => unknown, message: string | RegExp) {
  const error = await Promise.resolve()
    .then(work)
    .catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(UserError)
  expect((error as UserError).code).toBe('bad-input')
  expect((error as UserError).message).toMatch(message)
  expect((error as UserError).message).not.toMatch(/\n/)
}

describe.each([NaN, Infinity, -Infinity])('%d', (value) => {
  const pixels = changed(image, 7, value)
  const damaged: Dataset = { ...floats, images: changed(floats.images as Float32Array, 36 + 7, value) }
  const broken = withParameter(value)
  // weights cannot be checked where they are functions, but those of layers of ours lie open
  const graph = graphOf(broken)

  test('among the values of an image', async () => {
    const where = new RegExp(`^value 7 of the image is ${value}`)
    await refuses(() => evaluate(network, pixels), where)
    await refuses(() => evaluateGraph(graphOf(network), pixels), where)
    await refuses(() => dualBounds(network, pixels, 0, around), where)
    await refuses(() => intervalBounds(network, pixels, 0, around), where)
    await refuses(() => robustnessQuestion(network, pixels, 0, around), where)
    await refuses(() => verify(network, { ...question, lower: Float64Array.from(pixels) }), /^input 7 goes from/)
    const set = /^value 7 of image 1 of random-0 is .*, which is not in \[0, 1\]/
    await refuses(() => all(certify(network, damaged, { epsilon: 0.01 })), set)
    await refuses(() => all(certify(graphOf(network), damaged, { epsilon: 0.01 })), set)
    await refuses(
      () => all(attackImages(network, damaged, { ...around, method: 'pgd', first: 0, last: 1, seed: 0 })),
      set,
    )
    const training = { ...damaged, shape: tinyData.training.shape }
    await refuses(() => all(train(tinyOptions({}), { ...tinyData, training })), set)
    await refuses(() => all(train(tinyOptions({}), { ...tinyData, validation: training })), set)
  })

  test('among the weights', async () => {
    const where = new RegExp(`is ${value}: weights must be finite$`)
    await refuses(() => evaluate(broken, image), /^element 5 of '.*' of .* is /)
    await refuses(() => evaluate(broken, image), where)
    await refuses(() => evaluateGraph(graph, image), where)
    await refuses(() => dualBounds(broken, image, 0, around), where)
    await refuses(() => intervalBounds(broken, image, 0, around), where)
    await refuses(() => verify(broken, question), where)
    await refuses(() => verify(graph, question), where)
    await refuses(() => all(certify(broken, floats, { epsilon: 0.01 })), where)
    await refuses(() => all(certify(graph, floats, { epsilon: 0.01 })), where)
    await refuses(
      () => all(attackImages(broken, floats, { ...around, method: 'pgd', first: 0, last: 1, seed: 0 })),
      where,
    )
    await refuses(() => encodeNetwork(broken, 'x.safetensors'), `${value} at element 5`)
  })
})

test('lengths and labels', async () => {
  const short = image.subarray(1)
  const size = /^the image has 35 values, but the network takes 36$/
  await refuses(() => evaluate(network, short), size)
  await refuses(() => evaluateGraph(graphOf(network), short), size)
  await refuses(() => dualBounds(network, short, 0, around), size)
  await refuses(() => robustnessQuestion(network, short, 0, around), size)
  for (const label of [-1, 4, 0.5, NaN]) {
    const which = /^the label must be a whole number from 0 to 3, not /
    await refuses(() => intervalBounds(network, image, label, around), which)
    await refuses(() => robustnessQuestion(network, image, label, around), which)
    await refuses(() => classificationQuestion(question, label, 4), which)
  }
  const cut = { ...network, parameters: network.parameters.subarray(1) }
  const count = /^.* has \d+ parameters, not \d+$/
  await refuses(() => evaluate(cut, image), count)
  await refuses(() => graphOf(cut), count)
  await refuses(() => encodeNetwork(cut, 'x.safetensors'), count)
  await refuses(() => all(certify(cut, floats, { epsilon: 0.01 })), count)
  await refuses(() => syntheticDigits(-1, 0, 'test'), /^the number of images must be a whole number/)
  await refuses(() => pixelsAt(floats, 4), /^there is no image 4 in random-0: it has images 0 to 3$/)
})

test('layers that cannot be', async () => {
  const input = { channels: 1, height: 2, width: 2 }
  const layout =
    (layer: object, from: object = input) =>
    () =>
      initialise({ name: 'odd', input: from, layers: [{ kind: 'flatten' }, layer] } as Network['architecture'], 0)
  const convolution = { kind: 'convolution', outChannels: 1, kernel: 1, stride: 1, padding: 0 }
  await refuses(layout({ ...convolution, kernel: 5 }), /kernel 5 does not fit 4/)
  for (const [name, what, least] of [
    ['outChannels', 'channels', 1],
    ['kernel', 'kernel', 1],
    ['stride', 'stride', 1],
    ['padding', 'padding', 0],
    ['groups', 'groups', 1],
  ] as const) {
    for (const wrong of [NaN, least - 1, 1.5]) {
      await refuses(
        layout({ ...convolution, [name]: wrong }),
        `the ${what} of a layer 'convolution' must be a whole number from ${least} to 2147483648, not ${wrong}`,
      )
    }
  }
  await refuses(layout({ kind: 'softmax' }), "there is no layer 'softmax'")
  await refuses(layout({ kind: 'linear', outFeatures: -1 }), /the outputs of a layer 'linear' must be/)
  await refuses(
    layout({ kind: 'linear', outFeatures: 2 }, { ...input, height: 0 }),
    /the height must be a whole number/,
  )
  await refuses(() => initialise(network.architecture, NaN), /the seed must be a whole number/)
})

test('settings that are not numbers', async () => {
  await refuses(() => trainingOptions({ epochs: NaN }), 'epochs is NaN: expected number, received NaN')
  await refuses(() => trainingOptions({ epsilons: [0.1, NaN] }), /^epsilons is /)
  await refuses(() => trainingOptions({ epsilons: 'x' as unknown as [] }), /^epsilons is "x"/)
  await refuses(() => trainingOptions({ epsilons: [0.1, 1.5] }), /^epsilons is .*at most 1/)
  await refuses(
    () => trainingOptions({ epsilons: [0.1], epsilon: 0.2 }),
    /^ε is 0.2, but the largest ε of a value is 0.1/,
  )
})
