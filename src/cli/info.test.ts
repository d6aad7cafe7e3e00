import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { architectureOf } from '../model/architectures.ts'
import { initialise } from '../model/initialise.ts'
import { saveNetwork } from '../node/network-file.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'
import { call } from './command.testing.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
const images = { input: { channels: 1, height: 6, width: 6 }, classes: 3 }

it('shows and draws an architecture of a text, of a file and of a network', async () => {
  writeFileSync(at('net.toml'), 'layers = [\n"conv 4 3",\n"relu, linear"]')
  saveNetwork(at('net.safetensors'), initialise(architectureOf('net: conv 4 3, relu, linear', images), 1))
  const of = ['--input', '1x6x6', '--classes', '3']
  const subjects = [['net: conv 4 3, relu, linear', ...of], [at('net.toml'), ...of], [at('net.safetensors')]]
  for (const subject of subjects) {
    const { code, stdout, stderr } = await call('info', ...subject, '--svg', at('net.svg'))
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^net: input 1×6×6\n/)
    expect(stdout).toContain('235 parameters, 64 hidden units')
    expect(stdout).toContain("--architecture 'conv 4 3, relu, linear'")
    expect(readFileSync(at('net.svg'), 'utf8')).toContain('4×4×4')
    writeFileSync(at('net.svg'), '')
  }
})

it.each([
  [
    'mistakes with their line',
    () => [at('bad.toml')],
    /bad\.toml, line 3: convolution of kernel 40 does not fit 4×30×30/,
  ],
  ['files that are missing', () => [at('none.onnx')], /cannot read .*none\.onnx/],
  ['names that are near', () => ['mnist-smal'], /did you mean 'mnist-small'/],
  [
    'images of other shapes',
    () => ['mnist-small', '--input', '3x32x32'],
    /mnist-small takes 1×28×28 images: leave out --input/,
  ],
  ['classes of a network', () => [at('net.safetensors'), '--classes', '3'], /--classes is for an architecture/],
  ['architectures twice', () => ['small', '--architecture', 'small'], /leave it out/],
])('names %s', async (_, args, message) => {
  writeFileSync(at('bad.toml'), 'layers = [\n"conv 4 3",\n"relu, conv 3 40",\n"linear"]')
  const { code, stdout, stderr } = await call('info', ...args())
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(message)
})
