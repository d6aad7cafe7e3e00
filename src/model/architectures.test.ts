import { createHash } from 'node:crypto'
import { describe, expect, it, test } from 'vitest'
import {
  architectureNamed,
  architectureNames,
  architectureOf,
  architectureText,
  fixedArchitectures,
} from './architectures.ts'

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

  it('of layers has the name before them, or none of its own', () => {
    expect(architectureOf('linear', images).name).toBe('own')
    expect(architectureOf(' my net : relu, linear', images)).toEqual({
      ...architectureOf('relu, linear', images),
      name: 'my net',
    })
  })

  it.each([...architectureNames, 'conv 3 3, relu, linear', 'my net: conv 3 3, relu, linear'])(
    '%s is its own text',
    (text) => {
      const large = { input: { channels: 3, height: 32, width: 32 }, classes: 10 }
      expect(architectureText(architectureOf(text, large))).toBe(text)
    },
  )

  it('of a known name but other layers gives its layers only', () => {
    const { input, layers } = architectureOf('linear', images)
    expect(architectureText({ name: 'small', input, layers })).toBe('linear')
    expect(architectureText({ name: 'a:b', input, layers })).toBe('a-b: linear')
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

  it('without images, where it does not fix them itself', () => {
    expect(() => architectureOf('small')).toThrow('architecture small takes its input from the data')
  })
})
