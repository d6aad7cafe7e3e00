import { createHash } from 'node:crypto'
import { describe, expect, it, test } from 'vitest'
import { UserError } from '../base/errors.ts'
import {
  architectureNamed,
  architectureNames,
  architectureOf,
  architectureText,
  fixedArchitectures,
  requireWritten,
} from './architectures.ts'
import { countHiddenUnits, countParameters } from './network.ts'

const images = { input: { channels: 3, height: 8, width: 8 }, classes: 4 }

test('the paper’s five are what network files of before say', () => {
  const json = JSON.stringify(fixedArchitectures.map(architectureNamed))
  const digest = createHash('sha256').update(`${json}\n`).digest('hex')
  expect(digest).toBe('1f0d20313bff6208b0e25d10b53f59d5559d1049f6bdf6c49409890ab18f0cbc')
})

describe('an architecture', () => {
  it('of a name that fixes its images is that one, whatever the images', () => {
    expect(architectureOf('mnist-small', images)).toBe(architectureNamed('mnist-small'))
  })

  it('of another name takes its images from the data', () => {
    const { name, input, layers } = architectureOf('small', images)
    expect({ name, input }).toEqual({ name: 'small', input: images.input })
    expect(layers.at(-1)).toEqual({ kind: 'linear', outFeatures: 4 })
  })

  it('suits the images, if it is auto', () => {
    expect(architectureOf('auto', images).name).toBe('small')
    expect(architectureOf('auto', { input: { channels: 13, height: 1, width: 1 }, classes: 2 })).toEqual({
      name: 'mlp-2x100',
      input: { channels: 13, height: 1, width: 1 },
      layers: [100, 100, 2].flatMap((outFeatures, i) => [
        ...(i > 0 ? [{ kind: 'relu' }] : []),
        { kind: 'linear', outFeatures },
      ]),
    })
  })

  it('of layers has the name before them, or none of its own', () => {
    expect(architectureOf('linear', images).name).toBe('own')
    expect(architectureOf(' my net : relu, linear', images)).toEqual({
      ...architectureOf('relu, linear', images),
      name: 'my net',
    })
  })

  it.each([
    ...architectureNames.filter((name) => name !== 'auto'),
    'conv 3 3, relu, linear',
    'my net: conv 3 3, relu, linear',
  ])('%s is its own text', (text) => {
    const large = { input: { channels: 3, height: 32, width: 32 }, classes: 10 }
    expect(architectureText(architectureOf(text, large))).toBe(text)
  })

  it('of a known name but other layers gives its layers only', () => {
    const { input, layers } = architectureOf('linear', images)
    expect(architectureText({ name: 'small', input, layers })).toBe('linear')
    const vector = architectureOf('linear', { input: { channels: 13, height: 1, width: 1 }, classes: 2 })
    expect(architectureText({ ...vector, name: 'small' })).toBe('linear')
    expect(architectureText({ name: 'a:b', input, layers })).toBe('a-b: linear')
    const text = 'conv 16 4 2 1, relu, conv 32 4 2 1, relu, linear 100, relu, linear'
    for (const classes of [10, 3]) {
      const other = architectureOf('small', { input: { channels: 1, height: 29, width: 28 }, classes })
      expect(architectureText({ ...other, name: 'mnist-small' })).toBe(text)
      const fewer = architectureOf('small', { input: { channels: 1, height: 28, width: 28 }, classes })
      expect(architectureText({ ...fewer, name: 'mnist-small' })).toBe(classes === 10 ? 'mnist-small' : text)
    }
  })
})

describe('published sizes', () => {
  const cifar10 = { input: { channels: 3, height: 32, width: 32 }, classes: 10 }
  const mnist = { input: { channels: 1, height: 28, width: 28 }, classes: 10 }
  it.each([
    // Gowal et al. (2018), Table 1: 471K, 1.2M and 17M parameters, 8.3K, 47K and 230K hidden units
    ['dm-small', cifar10, 470_918, 8_308],
    ['dm-medium', cifar10, 1_188_906, 46_912],
    ['dm-large', cifar10, 17_190_602, 229_888],
    // those of DM-Large: normalisation has no parameters of its own here
    ['cnn-7', cifar10, 17_190_602, 229_888],
    ['cnn-7', mnist, 13_257_290, 176_128],
    ['mlp-3x50', mnist, 44_860, 150],
  ])('%s', (name, of, parameters, hiddenUnits) => {
    const architecture = architectureOf(name, of)
    expect(countParameters(architecture)).toBe(parameters)
    expect(countHiddenUnits(architecture)).toBe(hiddenUnits)
  })

  it('all hidden layers of CNN-7 are normalised', () => {
    const flags = architectureOf('cnn-7', cifar10).layers.flatMap((layer) =>
      layer.kind === 'convolution' || layer.kind === 'linear' ? [layer.batchNorm] : [],
    )
    expect(flags).toEqual([true, true, true, true, true, true, undefined])
  })
})

describe('what is no architecture is refused', () => {
  it.each([
    ['mnist-smal', "unknown architecture 'mnist-smal': did you mean 'mnist-small'?"],
    ['resne', "unknown architecture 'resne': did you mean 'resnet'?"],
    ['small: linear', "'small' is a known architecture: give your layers another name"],
    ['conv 100000 1000, linear', 'parameters: it must have at most'],
  ])('%s', (text, message) => {
    expect(() => architectureOf(text, { ...images, input: { channels: 3, height: 2000, width: 2000 } })).toThrow(
      message,
    )
  })

  it.each(['mnist-smal', 'conv 3, linear', '(relu'])('%s, before the images are known', (text) => {
    expect(() => requireWritten(text)).toThrow(UserError)
  })

  it.each(['mnist-small', 'small', 'mlp-9x9', 'mine: (relu + identity), linear 7', 'linear'])('but not %s', (text) => {
    requireWritten(text)
  })

  it('without images, where it does not fix them itself', () => {
    expect(() => architectureOf('small')).toThrow('architecture small takes its input from the data')
  })
})
