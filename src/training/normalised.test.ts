import { expect, test } from 'vitest'
import { UserError } from '../base/errors.ts'
import type { Layer } from '../model/layers.ts'
import type { Architecture } from '../model/network.ts'
import { asTrained, isNormalised, requireNormalisable } from './normalised.ts'

const input = { channels: 2, height: 4, width: 4 }
const convolution: Layer = { kind: 'convolution', outChannels: 2, kernel: 1, stride: 1, padding: 0 }
const normalised: Layer = { ...convolution, batchNorm: true }
const [relu, flatten, linear]: Layer[] = [{ kind: 'relu' }, { kind: 'flatten' }, { kind: 'linear', outFeatures: 2 }]
const net = (...layers: Layer[]): Architecture => ({ name: 'net', input, layers: [...layers, relu, flatten, linear] })

test('the setting normalises every layer of weights but the last, and nothing else', () => {
  const plain = net(convolution, relu, { kind: 'averagePool', kernel: 2, stride: 2, padding: 0 })
  expect(isNormalised(plain)).toBe(false)
  expect(asTrained(plain, { batchNorm: false })).toBe(plain)
  const all = asTrained(plain, { batchNorm: true })
  expect(all.layers).toEqual([normalised, ...plain.layers.slice(1)])
  expect(isNormalised(all)).toBe(true)
})

test('normalised layers need a method that sees many images at once, and one place each', () => {
  const twice = net(normalised, relu, convolution, { kind: 'add', other: 0 })
  for (const method of ['natural', 'interval'] as const) {
    expect(() => requireNormalisable(net(normalised), method)).not.toThrow()
    expect(() => requireNormalisable(twice, method)).toThrow(
      new UserError('layer 0 of net cannot be normalised: it is read both with and without what follows it'),
    )
  }
  expect(() => requireNormalisable(net(normalised), 'robustra')).toThrow(/net has batch normalisation.*leave it out/)
  expect(() => requireNormalisable(net(convolution), 'robustra')).not.toThrow()
})
