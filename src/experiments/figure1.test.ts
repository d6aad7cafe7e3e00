import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { quietly, stopAt, withoutTimes } from './experiments.testing.ts'
import { figure1, figure1Options } from './figure1.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'

const folder = temporaryFolder()
afterAll(() => rmSync(folder, { recursive: true }))
const at = (name: string) => join(folder, name)
const settings = { dataset: 'synthetic', epochs: 3, trainingCount: 40, images: 6 } as const

describe('Figure 1', () => {
  test('by default is MNIST Small for 20 epochs, with no image left out and the paper’s ε', () => {
    expect(figure1Options({})).toMatchObject({
      ...{ dataset: 'mnist', architecture: 'mnist-small', method: 'orthogonal', epochs: 20, epsilon: 0.1 },
      ...{ trainingCount: 0, validationCount: 0 },
    })
  })

  test('has a row per epoch, of f against the reference and g by itself', async () => {
    const { data, text, files } = await figure1(settings, quietly(at('whole')))
    const { rows } = data as { rows: { epoch: number; fPgd: number; fClean: number }[] }
    expect(rows.map(({ epoch }) => epoch)).toEqual([1, 2, 3])
    for (const row of rows) expect(row.fPgd).toBeGreaterThanOrEqual(row.fClean)
    expect(files.map((path) => path.split('.').at(-1))).toEqual(['json', 'csv', 'svg', 'md'])
    expect(text).toContain('robustra reproduce figure1 --dataset synthetic --epochs 3 --training-count 40 --images 6')
    expect(text).toMatch(/synthetic digits instead of MNIST/)
    const log = readFileSync(at('whole/run/log.jsonl'), 'utf8').trim().split('\n')
    expect(log.map((line) => [JSON.parse(line).network, JSON.parse(line).method])).toEqual(
      [0, 1, 2].flatMap(() => [
        ['f', 'orthogonal'],
        ['g', 'natural'],
      ]),
    )
  })

  test('stopped in its second attack, it ends as if it never was, and repeats no epoch', async () => {
    const whole = await figure1(settings, quietly(at('uncut')))
    await expect(figure1(settings, quietly(at('cut'), false, stopAt(3)))).rejects.toThrow('stopped by the test')
    await expect(figure1(settings, quietly(at('cut')))).rejects.toThrow(/exists already/)
    const parts: string[] = []
    const resumed = await figure1(
      settings,
      quietly(at('cut'), true, (title) => parts.push(title)),
    )
    expect(withoutTimes(resumed.data)).toEqual(withoutTimes(whole.data))
    expect(parts).toEqual(['epoch 2, attacks', 'training Figure 1', 'epoch 3, attacks'])
    const again = await figure1(
      settings,
      quietly(at('cut'), true, (title) => parts.push(title)),
    )
    expect(again.data).toEqual(resumed.data)
    expect(parts.slice(3)).toEqual(['training Figure 1'])
  })

  test('continues with its own settings only', async () => {
    const other = figure1({ ...settings, epochs: 2, images: 5 }, quietly(at('cut'), true))
    await expect(other).rejects.toThrow(/other settings \(epochs is 3 there, 2 here; images is 6 there, 5 here\)/)
  })
})
