import { describe, expect, it, test } from 'vitest'
import { parseLayers, requireTrainable } from './layer-items.ts'

const images = { input: { channels: 3, height: 8, width: 8 }, classes: 10 }
const relu = { kind: 'relu' }
const conv = (outChannels: number, kernel: number, stride = 1, padding = 0) =>
  ({ kind: 'convolution', outChannels, kernel, stride, padding }) as const

describe('a text becomes layers', () => {
  it.each<[string, unknown[]]>([
    [
      'conv 16 4 2 1, relu, linear',
      [conv(16, 4, 2, 1), relu, { kind: 'flatten' }, { kind: 'linear', outFeatures: 10 }],
    ],
    ['Flatten, LINEAR 10', [{ kind: 'flatten' }, { kind: 'linear', outFeatures: 10 }]],
    [
      'normalise 0.5 .25 1e-2 / 1 2 3, linear',
      [
        { kind: 'normalise', mean: [0.5, 0.25, 0.01], deviation: [1, 2, 3] },
        { kind: 'flatten' },
        { kind: 'linear', outFeatures: 10 },
      ],
    ],
    [
      '(conv 16 3 1 1,relu,conv 3 3 1 1 + conv 3 1) , relu,\n linear',
      [
        ...[conv(16, 3, 1, 1), relu, conv(3, 3, 1, 1), { ...conv(3, 1), from: -1 }, { kind: 'add', other: 2 }, relu],
        ...[{ kind: 'flatten' }, { kind: 'linear', outFeatures: 10 }],
      ],
    ],
    [
      'conv 4 3 1 1, relu, (identity + conv 4 3 1 1), relu, linear',
      [
        ...[conv(4, 3, 1, 1), relu, conv(4, 3, 1, 1), { kind: 'add', other: 1 }, relu],
        ...[{ kind: 'flatten' }, { kind: 'linear', outFeatures: 10 }],
      ],
    ],
    [
      'conv 6 3 1 1 groups 3, batch norm, relu, average 2, average 3 1, linear 4, batch norm, linear',
      [
        ...[{ ...conv(6, 3, 1, 1), groups: 3, batchNorm: true }, relu],
        ...[
          { kind: 'averagePool', kernel: 2, stride: 2, padding: 0 },
          { kind: 'averagePool', kernel: 3, stride: 1, padding: 0 },
        ],
        ...[{ kind: 'flatten' }, { kind: 'linear', outFeatures: 4, batchNorm: true }],
        { kind: 'linear', outFeatures: 10 },
      ],
    ],
    [
      'conv 4 1, relu, conv 4 1 from input, add 0, conv 10 8',
      [conv(4, 1), relu, { ...conv(4, 1), from: -1 }, { kind: 'add', other: 0 }, conv(10, 8)],
    ],
  ])('%s', (text, layers) => {
    expect(parseLayers(text, images)).toEqual(layers)
  })
})

describe('a mistake is named with its place and the shape there', () => {
  it.each([
    ['', 'architecture: a layer expected at its beginning'],
    ['relu,, linear', "architecture: a layer expected after 'relu ,'"],
    ['('.repeat(9999), 'architecture: at most 100 sums within each other expected after'],
    ['(conv 3 1), linear', "architecture: '+' and another branch expected after '( conv 3 1'"],
    ['(conv 3 1 + identity, linear', "architecture: ')' expected after"],
    ['linear) relu', "architecture: ',' or the end expected after 'linear'"],
    ['conv 16', "item 1 ('conv 16'): write it as conv channels kernel [stride [padding]] [groups n], such as"],
    ['conv 16 0, linear', "item 1 ('conv 16 0'): write it as"],
    ['conv 4 1 relu linear', "item 1 ('conv 4 1 relu linear'): a comma is missing before 'relu'"],
    ['conv 4 1,  rellu', "item 2 ('rellu'): there is no layer 'rellu': did you mean 'relu'?"],
    ['constructor', "there is no layer 'constructor'"],
    ['linear ten', "item 1 ('linear ten'): write it as linear outputs"],
    ['normalise 1 1 1 / 0 1 1', 'write it as normalise means / deviations'],
    ['conv 32 4 2 1, relu, conv 8 5, linear', "item 3 ('conv 8 5'): convolution of kernel 5 does not fit 32×4×4"],
    ['normalise 1 / 1, linear', "item 1 ('normalise 1 / 1'): it receives 3×8×8: normalise has 1 means for 3 channels"],
    ['linear 100', "item 1 ('linear 100'): the last layer has 100 outputs for 10 classes: write linear"],
    ['(conv 4 1 + identity), linear', 'the sum adds 3×8×8 and 4×8×8, which must be of one shape'],
    ['(identity + identity), linear', 'one branch of a sum must have layers'],
    ['identity, linear', 'identity is a whole branch of a sum'],
    ['linear 4, (relu, linear 4 + linear 4), linear', "item 4 ('linear 4'): only the first branch of a sum may begin"],
    ['relu, batch norm, linear', "item 2 ('batch norm'): it must come directly after conv or linear"],
    ['conv 3 1, (relu + batch norm), linear', "item 3 ('batch norm'): it must come directly after conv"],
    ['(conv 3 1 + identity), batch norm', 'it must come directly after conv or linear'],
    ['conv 4 1 groups 2', "item 1 ('conv 4 1 groups 2'): it receives 3×8×8: "],
    ['conv 3 1 from 0', "item 1 ('conv 3 1 from 0'): layer 0 does not come before it"],
  ])('%s', (text, message) => {
    expect(() => parseLayers(text, images)).toThrow(message)
  })
})

test.each([
  ['conv 4 1, relu, relu, linear', "item 3 ('relu'): it cannot be trained: a ReLU must follow an affine layer"],
  ['relu, linear', "item 1 ('relu'): it cannot be trained"],
  ['linear 4, normalise 1 1 1 1 / 1 1 1 1, linear', "item 2 ('normalise 1 1 1 1 / 1 1 1 1'): it cannot be trained"],
  ['conv 4 1, relu, linear, relu', "item 4 ('relu'): it cannot be trained: the last layer must be an affine one"],
  ['conv 4 1, relu, linear 10, batch norm', "item 3 ('linear 10'): it cannot be trained: the last layer cannot be"],
])('what cannot be trained is named with its place: %s', (text, message) => {
  expect(() => requireTrainable(text, images)).toThrow(message)
})

test('what can be trained is not refused', () =>
  requireTrainable('conv 4 1, relu, (conv 4 1, relu, conv 4 1 + identity), relu, linear', images))
