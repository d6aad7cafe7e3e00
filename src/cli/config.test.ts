import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { oneLine } from '../base/one-line.testing.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'
import { readConfig } from './config.ts'

const folder = temporaryFolder()

const read = (name: string, text: string) => {
  writeFileSync(join(folder, name), text)
  return readConfig(join(folder, name))
}

it('takes radii as fractions in quotes, and leaves everything else as it is', () => {
  const settings = { epsilon: 8 / 255, epsilonStart: 0.01, seed: 3, start: '1/2' }
  expect(read('a.toml', 'epsilon = "8/255"\nepsilonStart = 0.01\nseed = 3\nstart = "1/2"')).toEqual(settings)
  expect(read('a.json', '{"epsilon": "8/255", "epsilonStart": 0.01, "seed": 3, "start": "1/2"}')).toEqual(settings)
  expect(read('e.toml', 'epsilons = ["2/255", 0, 0.1]')).toEqual({ epsilons: [2 / 255, 0, 0.1] })
  expect(() => read('b.toml', 'epsilon = "much"')).toThrow(oneLine(/ε cannot be 'much'/))
})

it('takes the layers of a file beside it', () => {
  writeFileSync(join(folder, 'net.toml'), 'layers = ["conv 4 3", "relu, linear"]')
  expect(read('c.toml', 'architecture = "net.toml"')).toEqual({ architecture: 'net: conv 4 3, relu, linear' })
  expect(read('d.toml', 'architecture = "small"')).toEqual({ architecture: 'small' })
})
