import { copyFileSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { saveNetwork } from '../node/network-file.ts'
import { bytesOf, drawn, node } from '../formats/onnx/model.testing.ts'
import { architectureNamed } from '../model/architectures.ts'
import { initialise } from '../model/initialise.ts'
import { robustra } from './command.testing.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
beforeAll(() => {
  saveNetwork(at('a.safetensors'), initialise(architectureNamed('mnist-small'), 1), { epsilon: '0.1' })
  symlinkSync(at('a.safetensors'), at('link.safetensors'))
  const nodes = [node('MatMul', 'x w', 'a'), node('Relu', 'a', 'r'), node('Add', 'r a', 'y')]
  writeFileSync(at('residual.onnx'), bytesOf({ input: ['N', 4], nodes, initialisers: [drawn('w', [4, 3])] }))
})

test('through every format and back, the file is the same', async () => {
  const names = ['a.safetensors', 'b.onnx', 'c.npz', 'd.onnx', 'e.safetensors']
  for (const [i, name] of names.slice(1).entries()) {
    const { code, stdout } = await robustra('convert', at(names[i]), at(name))
    expect([code, stdout]).toEqual([0, `${at(name)}: 'mnist-small', 166406 parameters\n`])
  }
  expect(readFileSync(at('e.safetensors')).equals(readFileSync(at('a.safetensors')))).toBe(true)
})

test.each([
  ['itself', 'a.safetensors', 'a.safetensors', /a\.safetensors would be overwritten by itself: give another name/],
  ['itself by another name', 'link.safetensors', 'a.safetensors', /would be overwritten by itself/],
  ['an unknown extension', 'a.safetensors', 'out.pt', /out\.pt: networks are written to \.safetensors, \.npz, \.onnx/],
  ['a missing file', 'none.npz', 'out.onnx', /cannot read .*none\.npz: there is no such file/],
  [
    'no sequence',
    'residual.onnx',
    'out.npz',
    /residual\.onnx cannot be converted to our layers: Add 'y-node': the last layer must not be a residual sum/,
  ],
])('%s is refused in one line', async (_, from, to, words) => {
  copyFileSync(at('a.safetensors'), at('before'))
  const { code, stdout, stderr } = await robustra('convert', at(from), at(to))
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(/^robustra: [^\n]*\n$/)
  expect(stderr).toMatch(words)
  expect(existsSync(at('out.npz')) || existsSync(at('out.onnx'))).toBe(false)
  expect(readFileSync(at('a.safetensors')).equals(readFileSync(at('before')))).toBe(true)
})

test('the help has examples', async () => {
  const { code, stdout } = await robustra('convert', '--help')
  expect(code).toBe(0)
  expect(stdout).toContain('robustra convert f.onnx f.npz')
})
