import fc from 'fast-check'
import { expect, test } from 'vitest'
import { UserError } from '../base/errors.ts'
import { Random } from '../base/random.ts'
import { parseLayers } from './layer-items.ts'
import type { Layer } from './layers.ts'
import { countClasses } from './network.ts'
import { printLayers } from './print-layers.ts'
import { networkArbitrary, randomNetwork } from './random-network.testing.ts'

const images = { input: { channels: 3, height: 8, width: 8 }, classes: 10 }
const conv = (outChannels: number, kernel: number) =>
  ({ kind: 'convolution', outChannels, kernel, stride: 1, padding: 0 }) as const

const imagesOf = (architecture: Parameters<typeof countClasses>[0]) => ({
  input: architecture.input,
  classes: countClasses(architecture),
})

test('networks of any layers are printed and parsed to the same layers', () => {
  fc.assert(
    fc.property(
      fc.boolean().chain((everyKind) => networkArbitrary({ everyKind })),
      ({ architecture }) => {
        expect(parseLayers(printLayers(architecture), imagesOf(architecture))).toEqual(architecture.layers)
      },
    ),
    { numRuns: 500, seed: 1 },
  )
})

/** Text of a chain that keeps the shape of 4×6×6 images. */
function randomChain(random: Random, depth: number): string {
  const leaves = ['conv 4 3 1 1', 'relu', 'conv 4 1, batch norm', 'conv 4 3 1 1 groups 2', 'average 3 1 1']
  return Array.from({ length: 1 + random.integer(3) }, () => {
    if (depth === 0 || random.integer(2) === 0) return leaves[random.integer(leaves.length)]
    const others = Array.from({ length: random.integer(3) }, () => `conv 4 1, ${randomChain(random, depth - 1)}`)
    const identities = others.length === 0 || random.integer(2) === 0 ? ['identity'] : []
    return `(${[randomChain(random, depth - 1), ...others, ...identities].join(' + ')})`
  }).join(', ')
}

test('texts are printed as they were, and layers that sums in sums make are kept', () => {
  const square = { input: { channels: 4, height: 6, width: 6 }, classes: 10 }
  let same = 0
  for (let seed = 0; seed < 200; seed++) {
    const text = `${randomChain(new Random(seed, 'chain'), 2)}, linear`
    const layers = parseLayers(text, square)
    const printed = printLayers({ name: 'nested', input: square.input, layers })
    expect(parseLayers(printed, square)).toEqual(layers)
    if (printed === text) same++
  }
  expect(same).toBeGreaterThan(100)
})

test('a layer that nobody could put into a sum is named by its index', () => {
  const layers: Layer[] = [
    ...[conv(4, 1), conv(4, 1), { ...conv(4, 1), from: 0 }, { kind: 'add', other: 0 } as const, conv(4, 1)],
    ...[{ kind: 'add', other: 1 } as const, { kind: 'flatten' } as const, { kind: 'linear', outFeatures: 10 } as const],
  ]
  const text = printLayers({ name: 'crossed', input: images.input, layers })
  expect(text).toBe('conv 4 1, (conv 4 1, conv 4 1 from 0 + identity), conv 4 1, add 1, linear')
  expect(parseLayers(text, images)).toEqual(layers)
})

test('networks drawn here have residual sums', () => {
  const texts = Array.from({ length: 40 }, (_, seed) =>
    printLayers(randomNetwork(new Random(seed, 'text'), { everyKind: true }).architecture),
  )
  expect(texts.filter((text) => text.includes('+')).length).toBeGreaterThan(5)
  expect(texts.filter((text) => text.includes('from')).length).toBeGreaterThan(2)
})

const words = [
  ...[
    'conv 4 1',
    'conv 4 3 1 1',
    'conv 3 1 groups 3',
    'relu',
    'linear',
    'average 2',
    'batch norm',
    'identity',
    'add 0',
  ],
  ...[
    'conv 4 1 from input',
    '(conv 4 1 + identity)',
    '(',
    ')',
    '+',
    ',',
    'linear 4',
    'normalise 1 1 1 / 1 1 1',
    '7',
    '',
  ],
]

test('any words are layers that are printed again, or refused by a UserError', () => {
  let made = 0
  for (let seed = 0; seed < 3000; seed++) {
    const random = new Random(seed, 'words')
    const text = Array.from({ length: 1 + random.integer(6) }, () => words[random.integer(words.length)]).join(', ')
    let layers: readonly Layer[]
    try {
      layers = parseLayers(`${text}, linear`, images)
    } catch (error) {
      expect(error).toBeInstanceOf(UserError)
      continue
    }
    made++
    const printed = printLayers({ name: 'words', input: images.input, layers })
    expect(parseLayers(printed, images)).toEqual(layers)
  }
  expect(made).toBeGreaterThan(100)
})
