/** State dictionaries of PyTorch on the command line. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { type Saved, floatStorage, ordered, saved, tensor } from '../formats/pytorch.testing.ts'
import { loadNetwork } from '../node/network-file.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'
import { call } from './command.testing.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

const plain = { '0.weight': [2, 1, 7, 7], '0.bias': [2], '3.weight': [10, 32], '3.bias': [10] }
const normalised = { ...plain, '1.running_mean': [2], '1.running_var': [2] }
const layers = ['--architecture', 'conv 2 7 7, relu, linear']

beforeAll(() => {
  const random = new Random(1, 'state')
  for (const [name, shapes] of Object.entries({ plain, normalised, mlp: { 'a.weight': [10, 784] } })) {
    const tensors = Object.entries(shapes).map(([tensorName, shape], i): [string, Saved] => {
      const values = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.uniform() / 10)
      return [tensorName, tensor(floatStorage(`${i}`, values), shape)]
    })
    writeFileSync(at(`${name}.pt`), saved(new Map([['state_dict', ordered(Object.fromEntries(tensors))]])))
  }
})

test('what has an architecture is converted, bit by bit or rounded, which is said', async () => {
  const convert = (...more: readonly string[]) => call('convert', at('plain.pt'), at('out.safetensors'), ...more)
  expect((await convert(...layers, '--input', '1x28x28')).stdout).toBe(
    `${at('out.safetensors')}: 'own', 430 parameters\n`,
  )
  const { network } = loadNetwork(at('out.safetensors'))
  expect(network.architecture.layers[0]).toEqual({
    kind: 'convolution',
    outChannels: 2,
    kernel: 7,
    stride: 7,
    padding: 0,
  })
  expect((await convert()).stderr).toMatch(/0 \[2,1,7,7\], 3 \[10,32\].*give its architecture/)
  expect((await convert(...layers)).stderr).toMatch(/takes its input from the data/)
  expect((await convert('--input', '1x28x28')).stderr).toMatch(/--input is for --architecture: give both/)
  expect((await convert(...layers, '--input', '28')).stderr).toMatch(/^robustra: [^\n]*\n$/)
  expect((await convert(...layers, '--input', '1x28')).stderr).toMatch(
    /--input is '1x28': it must be channels x height/,
  )
  const own = await call('convert', at('out.safetensors'), at('b.npz'), ...layers)
  expect([own.code, own.stderr]).toEqual([
    2,
    `robustra: ${at('out.safetensors')} says itself which layers it has: leave out --architecture\n`,
  ])
  const batchNorm = ['--architecture', 'conv 2 7 7, batch norm, relu, linear', '--input', '1x28x28']
  const { stdout } = await call('convert', at('normalised.pt'), at('c.safetensors'), ...batchNorm)
  expect(stdout).toMatch(/'own', 430 parameters, rounded to 32-bit floats/)
  const { stdout: info } = await call('info', at('normalised.pt'), ...batchNorm)
  expect(info).toMatch(/its weights are 64-bit floats that 32-bit floats cannot hold; convert rounds them/)
})

test('it is attacked and certified over the images of a data set', async () => {
  const common = ['--epsilon', '0.01', '--first', '2', '--workers', '1', '--json']
  const attacked = await call('attack', at('plain.pt'), ...layers, ...common)
  expect([attacked.code, JSON.parse(attacked.stdout)]).toMatchObject([0, { images: 2 }])
  const vector = await call('attack', at('mlp.pt'), ...common)
  expect([vector.code, JSON.parse(vector.stdout)]).toMatchObject([0, { images: 2 }])
  const batchNorm = ['--architecture', 'conv 2 7 7, batch norm, relu, linear']
  const refused = await call('attack', at('normalised.pt'), ...batchNorm, ...common)
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(/64-bit floats.*convert rounds them/)])
  const certified = await call('certify', at('normalised.pt'), ...batchNorm, ...common, '--method', 'clean,pgd,crown')
  expect([certified.code, JSON.parse(certified.stdout)]).toMatchObject([0, { images: 2 }])
})
