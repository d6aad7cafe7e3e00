import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../node/temporary.testing.ts'
import { call, robustra } from './command.testing.ts'

const folder = temporaryFolder()
const at = (...names: string[]) => join(folder, ...names)
const tiny = [
  ...['--method', 'natural', '--epochs', '1', '--training-count', '40', '--validation-count', '20'],
  ...['--workers', '1', '--epsilon', '0.02'],
]
const bytes = (...names: string[]) => readFileSync(at(...names))

describe('train --seeds', () => {
  test('trains once with each seed, and says what the runs come to', async () => {
    const { code, stdout } = await call('train', '--out', at('three'), ...tiny, '--seeds', '1-2,7', '--json')
    expect(code).toBe(0)
    const said = JSON.parse(stdout)
    expect(said.runs.map(({ seed }: { seed: number }) => seed)).toEqual([1, 2, 7])
    const errors: number[] = said.runs.map(({ cleanError }: { cleanError: number }) => cleanError)
    const mean = errors.reduce((a, b) => a + b) / 3
    expect(said.cleanError.mean).toBeCloseTo(mean, 12)
    const squares = errors.reduce((sum, error) => sum + (error - mean) ** 2, 0)
    expect(said.cleanError.deviation).toBeCloseTo(Math.sqrt(squares / 2), 12)
    expect(JSON.parse(readFileSync(at('three/summary.json'), 'utf8')).runs).toEqual(said.runs)
    expect(readdirSync(at('three')).toSorted()).toEqual(['seed-1', 'seed-2', 'seed-7', 'seeds.json', 'summary.json'])
    // a run of a seed is what it would be by itself
    await call('train', '--out', at('alone'), ...tiny, '--seed', '7')
    expect(bytes('three/seed-7/f.safetensors').equals(bytes('alone/f.safetensors'))).toBe(true)
    expect(bytes('three/seed-2/f.safetensors').equals(bytes('alone/f.safetensors'))).toBe(false)
  })

  test('continues with --resume where it was stopped, and leaves alone what is done', async () => {
    rmSync(at('three/summary.json'))
    rmSync(at('three/seed-7'), { recursive: true })
    writeFileSync(at('three/seed-2/checkpoint.safetensors'), 'torn')
    const first = bytes('three/seed-1/checkpoint.safetensors')
    const torn = await call('train', '--out', at('three'), '--resume')
    expect([torn.code, torn.stderr.trimEnd().split('\n').at(-1)]).toEqual([
      2,
      expect.stringMatching(/seed-2.checkpoint/),
    ])
    rmSync(at('three/seed-2'), { recursive: true })
    const { code, stdout, stderr } = await robustra(
      'train',
      '--out',
      at('three'),
      ...tiny,
      '--seeds',
      '1,2,7',
      '--resume',
    )
    expect([code, stderr.match(/^seed \d+ \(\d of 3\)$/gm)]).toEqual([
      0,
      ['seed 1 (1 of 3)', 'seed 2 (2 of 3)', 'seed 7 (3 of 3)'],
    ])
    expect(stderr.match(/1\/1 f {2}loss/g)).toHaveLength(2)
    expect(stdout).toMatch(/^seed +network +train error +clean error +PGD error +LP error +time$/m)
    expect(stdout).toMatch(/^7 +f, epoch 1( +[\d.]+ %){4} +\d+ s$/m)
    expect(stdout).toMatch(/^mean( +[\d.]+ %){4}$/m)
    expect(stdout).toMatch(/^deviation( +[\d.]+ %){4}$/m)
    expect(bytes('three/seed-1/checkpoint.safetensors').equals(first)).toBe(true)
    expect(bytes('three/seed-7/f.safetensors').equals(bytes('alone/f.safetensors'))).toBe(true)
  })

  test('makes a folder that report takes as several runs', async () => {
    const { code, stdout } = await call('report', at('three'), '--json')
    expect(code).toBe(0)
    expect(stdout).toContain('seed-7')
    expect(readFileSync(at('three/report.html'), 'utf8')).toContain('seed-2')
  })

  test('is refused where it cannot be, and leaves nothing', async () => {
    mkdirSync(at('full'))
    writeFileSync(at('full/mine'), '')
    for (const [flags, pattern] of [
      [['--seeds', '3-1'], /--seeds cannot be '3-1': give/],
      [['--seeds', '1-1000'], /at most 100 seeds/],
      [['--seeds', '1,x'], /--seeds cannot be/],
      [['--seeds', '1-3', '--seed', '2'], /--seed and --seeds exclude each other/],
      [['--seeds', '1-3', '--resume'], /there is no run of several seeds in/],
      [['--seeds', '1-3', '--start', at('nowhere.npz')], /nowhere.npz/],
    ] as const) {
      const { code, stdout, stderr } = await call('train', '--out', at('none'), ...tiny, ...flags)
      expect([code, stdout, stderr.trimEnd().split('\n').at(-1)]).toEqual([2, '', expect.stringMatching(pattern)])
      expect(existsSync(at('none'))).toBe(false)
    }
    const full = await call('train', '--out', at('full'), ...tiny, '--seeds', '1-3')
    expect([full.code, readdirSync(at('full'))]).toEqual([2, ['mine']])
    for (const [flags, pattern] of [
      [['--seeds', '1-3'], /the runs were started with --seeds 1,2,7, not 1,2,3/],
      [['--epochs', '2'], /the run was started with --epochs 1, not 2/],
    ] as const) {
      const { code, stderr } = await call('train', '--out', at('three'), '--resume', ...flags)
      expect([code, stderr.trimEnd().split('\n').at(-1)]).toEqual([2, expect.stringMatching(pattern)])
    }
  })
})
