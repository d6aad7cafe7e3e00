import { UserError } from '../base/errors.ts'
import { describe, expect, it } from 'vitest'
import { architectureNamed } from './architectures.ts'
import type { Layer, Shape } from './layers.ts'
import { planStages } from './stages.ts'

const image = { channels: 3, height: 8, width: 8 }
const relu: Layer = { kind: 'relu' }
const flatten: Layer = { kind: 'flatten' }
const normalise: Layer = { kind: 'normalise', mean: [0.5, 0.25, 0], deviation: [1, 2, 4] }
const linear = (outFeatures: number): Layer => ({ kind: 'linear', outFeatures })
const add = (other: number): Layer => ({ kind: 'add', other })
const convolution = (outChannels: number, from?: number): Layer => ({
  ...{ kind: 'convolution', outChannels, kernel: 3, stride: 1, padding: 1 },
  ...(from !== undefined && { from }),
})
const pool = (kernel: number, stride: number, padding: number): Layer => ({
  ...{ kind: 'averagePool', kernel, stride, padding },
})
const pixels = { kind: 'convolution', outChannels: 2, kernel: 1, stride: 1, padding: 0 } as const
const planOf = (layers: Layer[], input: Shape = image) => planStages({ name: 'test', input, layers })

/** "1 2": terms of layers 1 and 2 that read the image; "3<0": of layer 3 that reads stage 0; "+" with a ReLU behind. */
const summary = (layers: Layer[]) =>
  planOf(layers).stages.map(
    ({ terms, relu: cut }) =>
      terms.map(({ layer, source }) => (source < 0 ? `${layer}` : `${layer}<${source}`)).join(' ') + (cut ? '+' : ''),
  )

describe('stages', () => {
  it('of a sequence are its affine layers, each over the one before', () => {
    expect(
      summary([normalise, convolution(4), relu, convolution(2), relu, flatten, linear(5), relu, linear(2)]),
    ).toEqual(['1+', '3<0+', '6<1+', '8<2'])
  })

  it('of cifar10-resnet: every sum is one stage of two terms', () => {
    const { stages, normalisation } = planStages(architectureNamed('cifar10-resnet'))
    const blocks = [0, 2, 4, 6]
    expect(stages.map(({ terms }) => terms.map(({ source }) => source))).toEqual([
      [-1],
      ...blocks.flatMap((x) => [[x], [x, x + 1]]),
      [8],
      [9],
    ])
    expect(stages.map(({ terms }) => terms.map(({ layer }) => layer))).toEqual([
      [1],
      ...[[3], [5, 6], [9], [11, 12], [15], [17, 18], [21], [23, 24]].map((layers) => layers.toReversed()),
      [28],
      [30],
    ])
    expect(stages.map((stage) => stage.relu)).toEqual([...Array.from({ length: 10 }, () => true), false])
    expect(stages[6].terms.map(({ options }) => [options.kernel, options.stride, options.padding])).toEqual([
      [2, 2, 0],
      [3, 1, 1],
    ])
    expect(stages[8]).toMatchObject({
      outputShape: { channels: 64, height: 8, width: 8 },
      readAs: { channels: 4096, height: 1, width: 1 },
    })
    expect(normalisation[2]).toEqual({ mean: 0.406, deviation: 0.225 })
  })

  it('read the image, earlier stages, or both, and sums may be summed', () => {
    expect(summary([convolution(2), convolution(2, -1), add(0), relu, flatten, linear(3)])).toEqual(['1 0+', '5<0'])
    expect(
      summary([
        normalise,
        convolution(2),
        relu,
        convolution(4),
        convolution(4, 0),
        add(3),
        convolution(4, 2),
        add(5),
        relu,
        flatten,
        linear(1),
      ]),
    ).toEqual(['1+', '6<0 4 3<0+', '10<1'])
  })

  it('end where a layer without a ReLU is read, and may be made with and without one', () => {
    expect(summary([convolution(2), convolution(3), relu, flatten, linear(1)])).toEqual(['0', '1<0+', '4<1'])
    expect(summary([convolution(2), relu, convolution(3), convolution(3, 0), relu, flatten, linear(1)])).toEqual([
      '0+',
      '0',
      '3<1+',
      '6<2',
    ])
  })

  it('add what has no weights: the image, a ReLU’s output, what has been read without one, a pool', () => {
    const [end, image] = [[relu, flatten, linear(1)], { channels: 3, height: 8, width: 8 }]
    expect(summary([convolution(3), add(-1), ...end])).toEqual(['0 1+', '4<0'])
    expect(summary([normalise, convolution(3), add(0), ...end])).toEqual(['1 2+', '5<0'])
    expect(summary([convolution(3), relu, convolution(3), add(1), ...end])).toEqual(['0+', '2<0 3<0+', '6<1'])
    expect(summary([convolution(3), convolution(3), add(0), ...end])).toEqual(['0', '1<0 2<0+', '5<1'])
    expect(summary([pool(3, 1, 1), add(-1), add(1), ...end])).toEqual(['0 1 0 1+', '5<0'])
    expect(summary([convolution(3), relu, pool(2, 2, 0), flatten, linear(1)])).toEqual(['0+', '2<0', '4<1'])
    const { stages } = planOf([convolution(3), relu, pool(3, 2, 1), add(2), relu, flatten, linear(1)])
    expect(stages[1].terms.map(({ constant, options }) => ({ constant, ...options }))).toEqual([
      { constant: 1 / 9, kernel: 3, stride: 2, padding: 1, groups: 3 },
      { constant: 1 / 9, kernel: 3, stride: 2, padding: 1, groups: 3 },
    ])
    const [sum] = planOf([convolution(3), add(-1), ...end]).stages
    expect(sum.terms[1]).toEqual({
      ...{ layer: 1, source: -1, inputShape: image, constant: 1 },
      options: { kernel: 1, stride: 1, padding: 0, groups: 3 },
    })
  })

  it('have convolutions in groups', () => {
    const grouped: Layer = { kind: 'convolution', outChannels: 6, kernel: 3, stride: 1, padding: 1, groups: 3 }
    expect(planOf([grouped, relu, flatten, linear(1)]).stages[0].terms[0].options.groups).toBe(3)
  })

  it('know the normalisation per channel, and that there is none', () => {
    const layers = [flatten, linear(2)]
    expect(planOf([normalise, ...layers]).normalisation).toEqual([
      { mean: 0.5, deviation: 1 },
      { mean: 0.25, deviation: 2 },
      { mean: 0, deviation: 4 },
    ])
    expect(planOf(layers).normalisation).toEqual(Array.from({ length: 3 }, () => ({ mean: 0, deviation: 1 })))
  })

  it('take a linear layer for a 1 × 1 convolution of its flattened input', () => {
    expect(planOf([flatten, linear(2)]).stages).toEqual([
      {
        terms: [
          {
            layer: 1,
            source: -1,
            inputShape: { channels: 192, height: 1, width: 1 },
            options: { kernel: 1, stride: 1, padding: 0, groups: 1 },
          },
        ],
        outputShape: { channels: 2, height: 1, width: 1 },
        readAs: { channels: 2, height: 1, width: 1 },
        relu: false,
      },
    ])
  })
})

describe('no stages are made of', () => {
  const one = { channels: 4, height: 1, width: 1 }
  it.each<[string, Layer[], RegExp, Shape?]>([
    ['a ReLU first', [relu, convolution(1)], /a ReLU must follow an affine layer/],
    ['two ReLUs in a row', [convolution(1), relu, relu, convolution(1)], /a ReLU must follow an affine layer/],
    ['a ReLU last', [convolution(1), relu], /logits are not cut at zero/],
    ['no affine layer', [flatten], /the last layer must be an affine one/],
    ['a convolution of an image last', [convolution(1), relu, convolution(1)], /the last layer must be linear/],
    [
      'a convolution of a padded pixel last',
      [flatten, linear(2), relu, convolution(2)],
      /the last layer must be linear, not a convolution/,
    ],
    ['a sum last', [convolution(1), convolution(1, -1), add(0)], /must not be a residual sum/],
    ['normalise in the middle', [convolution(3), normalise, convolution(1)], /normalise must be the first layer/],
    ['a way past the normalisation', [normalise, convolution(1), relu, convolution(1, -1)], /layer 3 reads the image/],
    [
      'a sum past the normalisation',
      [normalise, convolution(3), add(-1), relu, convolution(1)],
      /layer 2 reads the image/,
    ],
    ['a sum with a flattened value', [flatten, linear(2), relu, linear(2), add(-1)], /layer 4 adds 2 and 3×8×8/],
    ['a pool last', [flatten, linear(2), relu, pool(1, 1, 0)], /must be linear, not an average pool/],
    ['groups last', [flatten, { ...pixels, groups: 2 }], /must be linear, not a convolution in groups/],
    [
      'normalised logits',
      [flatten, { kind: 'linear', outFeatures: 2, batchNorm: true }],
      /the last layer cannot be normalised/,
    ],
    [
      'a sum of different shapes',
      [convolution(3), convolution(2), add(0), convolution(1)],
      /layer 2 adds 2×8×8 and 3×8×8/,
    ],
    ['a layer that reads itself', [convolution(3, 0), relu, convolution(1)], /layer 0 reads layer 0/],
    ['a layer that reads a later one', [convolution(3), add(2), convolution(1)], /layer 1 reads layer 2/],
    ['a layer that reads half of one', [convolution(3), relu, convolution(1, 0.5)], /layer 2 reads layer 0.5/],
    ['a layer before the image', [convolution(3), relu, convolution(1, -2)], /layer 2 reads layer -2/],
    ['one output in two shapes', [convolution(3), relu, flatten, linear(2), convolution(2, 1)], /layer 4 reads 3×8×8/],
    [
      'the image in two shapes',
      [flatten, linear(2), convolution(2, -1)],
      /layer 2 reads 3×8×8 where another reads 192/,
    ],
    [
      'a sum of what is the same only flattened',
      [
        { kind: 'convolution', outChannels: 1, kernel: 1, stride: 1, padding: 0 },
        flatten,
        { kind: 'convolution', outChannels: 4, kernel: 2, stride: 1, padding: 0, from: -1 },
        add(1),
        relu,
        linear(2),
      ],
      /layer 3 adds layers of different shapes/,
      { ...one, channels: 1, height: 2, width: 2 },
    ],
  ])('%s', (_, layers, message, input) => {
    expect(() => planOf(layers, input)).toThrow(UserError)
    expect(() => planOf(layers, input)).toThrow(message)
  })
})
