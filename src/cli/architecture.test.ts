import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../node/temporary.testing.ts'
import { call, tiny } from './command.testing.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

test('layers of a file are trained, kept in the run, and continued with', async () => {
  writeFileSync(at('net.toml'), 'layers = ["conv 4 4 4", "relu, (conv 4 1 + identity), relu", "linear"]')
  const own = ['train', '--out', at('run'), '--architecture', at('net.toml'), '--method', 'interval', ...tiny]
  expect(await call(...own, '--epochs', '1')).toMatchObject({ code: 0, stderr: '' })
  const text = 'net: conv 4 4 4, relu, (conv 4 1 + identity), relu, linear'
  expect(JSON.parse(readFileSync(at('run/config.json'), 'utf8'))).toMatchObject({ architecture: text })
  const { stdout } = await call('info', at('run/f.safetensors'), '--json')
  expect(JSON.parse(stdout)).toMatchObject({ name: 'net', text, metadata: { network: 'f' } })
  const again = (architecture: string) => call('train', '--resume', '--out', at('run'), '--architecture', architecture)
  expect(await again(at('net.toml'))).toMatchObject({ code: 0 })
  expect(await again('linear')).toMatchObject({ code: 2, stderr: expect.stringContaining(`--architecture ${text}`) })
})

test('a network is no architecture', async () => {
  const { code, stderr } = await call('train', '--out', at('none'), '--architecture', 'f.onnx')
  expect([code, stderr]).toEqual([
    2,
    expect.stringContaining('f.onnx is a network, not an architecture: robustra info'),
  ])
})

test('a mistake that shows with the images has its line', async () => {
  writeFileSync(at('wide.toml'), '[[layers]]\nkind = "relu"\n[[layers]]\nkind = "conv"\nchannels = 1\nkernel = 29\n')
  const { code, stderr } = await call('train', '--out', at('none'), '--architecture', at('wide.toml'))
  expect([code, stderr]).toEqual([
    2,
    `robustra: ${at('wide.toml')}, line 3: convolution of kernel 29 does not fit 1×28×28\n`,
  ])
})
