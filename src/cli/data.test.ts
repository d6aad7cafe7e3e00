/** CIFAR-10 on the command line; its real files are too large for tests. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { robustra, tiny } from './command.testing.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
beforeAll(() => {
  mkdirSync(at('cifar-10-batches-bin'))
  writeFileSync(at('cifar-10-batches-bin/test_batch.bin'), 'no images')
  writeFileSync(at('data_batch_1.bin'), 'no images')
})

describe('data', () => {
  test('verify says of each of the six files what is wrong, and what to do', async () => {
    const { code, stdout, stderr } = await robustra('data', 'verify', 'cifar10', '--data', folder)
    expect(code).toBe(2)
    expect(stdout.match(/^data_batch_[2-5]\.bin +missing *$/gm)).toHaveLength(4)
    expect(stdout).toMatch(/^test_batch\.bin +corrupt +.*cifar-10-batches-bin.test_batch\.bin/m)
    expect(stderr).toMatch(
      /^robustra: .*data_batch_2\.bin is missing.*delete corrupt files and run: .* data download cifar10 --data .*\n$/,
    )
  })

  test('verify prints JSON', async () => {
    const { code, stdout } = await robustra('data', 'verify', 'cifar10', '--data', folder, '--json')
    expect(code).toBe(2)
    expect(JSON.parse(stdout)).toHaveLength(6)
    expect(JSON.parse(stdout)[5]).toMatchObject({ file: 'test_batch.bin', status: 'corrupt' })
  })

  test.each([
    [['data', 'verify', 'cifar'], /unknown data set 'cifar': did you mean 'cifar10'\?/],
    [['data', 'verify', 'imagenet'], /unknown data set 'imagenet': choose one of: mnist, cifar10/],
    [['data', 'download', 'cifar10', '--data', folder], /data_batch_1\.bin is damaged, or is not/],
    [['train', '--out', at('a'), '--dataset', 'cifar10', '--data', folder], /data_batch_1\.bin is damaged, or is not/],
    [['train', '--out', at('b'), '--augment', 'flipcrop'], /unknown augment 'flipcrop': did you mean 'flip-crop'\?/],
    [
      ['train', '--out', at('c'), '--dataset', 'synthetic', '--preset', 'paper-cifar10-2'],
      /cifar10-small takes 3×32×32 .*synthetic/,
    ],
  ])('%j is refused in one line', async (args, message) => {
    const { code, stderr } = await robustra(...args)
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^robustra: [^\n]*\n$/)])
    expect(stderr).toMatch(message)
  })
})

describe('training', () => {
  test('--augment is a setting of a run', async () => {
    const args = ['--epochs', '1', '--method', 'natural', '--augment', 'flip-crop', '--json']
    const { code, stdout } = await robustra('train', '--out', at('run'), ...tiny, ...args)
    expect(code).toBe(0)
    expect(JSON.parse(stdout).options.augment).toBe('flip-crop')
    expect(JSON.parse(readFileSync(at('run/config.json'), 'utf8')).augment).toBe('flip-crop')
  })

  test('help names presets, data sets and what they decide', async () => {
    const { stdout } = await robustra('train', '--help')
    const words = stdout.replaceAll(/\s+/g, ' ')
    expect(words).toContain('paper-mnist-0.3, paper-cifar10-2, paper-cifar10-8')
    expect(words).toContain('data set: synthetic, mnist, cifar10')
    expect(words).toContain('none, flip, shift, flip-shift, flip-crop (default: none; flip-crop for cifar10)')
    expect(words).toContain('(default: mnist-small; cifar10-small for cifar10; small for other images')
  })
})
