import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { trainingOptions } from '../training/options.ts'
import { quietly, stopAt, withoutTimes } from './experiments.testing.ts'
import { figure3 } from './figure3.ts'
import { figure4 } from './figure4.ts'
import { mutualOptions } from './mutual-run.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'

const folder = temporaryFolder()
afterAll(() => rmSync(folder, { recursive: true }))
const at = (name: string) => join(folder, name)
const settings = { dataset: 'synthetic', epochs: 2, trainingCount: 8, validationCount: 4, images: 4 } as const

describe('Figures 3 and 4', () => {
  test('by default are the paper’s protocol, which --epochs shortens', () => {
    expect(mutualOptions({})).toEqual(trainingOptions({}, 'paper-mnist-0.3'))
    expect(mutualOptions({ epochs: 10 })).toMatchObject({ epochs: 10, rampEpochs: 2, halveEvery: 1 })
  })

  test('share a training, which test images are kept out of; what was cut off continues', async () => {
    const third = await figure3(settings, quietly(at('whole')))
    const parts: string[] = []
    const resumed = quietly(at('whole'), true, (title) => parts.push(title))
    const fourth = await figure4(settings, resumed)
    expect(parts).toEqual(['training Figures 3 and 4'])
    const log = readFileSync(at('whole/run/log.jsonl'), 'utf8').trim().split('\n')
    const reports = log.map((line) => JSON.parse(line))
    expect(log).toHaveLength(4)

    const { rows } = third.data as { rows: { epoch: number }[] }
    expect(rows.map(({ epoch }) => epoch)).toEqual([1, 2])
    const spaces = (fourth.data as { rows: Record<'f' | 'g', unknown>[] }).rows
    expect(spaces.map(({ f, g }) => [f, g])).toEqual([
      [reports[0].space, reports[1].space],
      [reports[2].space, reports[3].space],
    ])
    const csv = readFileSync(at('whole/figure4.csv'), 'utf8').trim().split('\n')
    expect(csv[0]).toBe('epoch,epsilon,f_t,f_loose,f_tight,f_infeasible,g_t,g_loose,g_tight,g_infeasible')
    expect(csv[2].split(',').slice(0, 3)).toEqual(['2', '0.3', String(reports[2].space.t)])
    expect(third.text).not.toContain('Not finished')
    expect(third.text).toContain('training chooses by validation images')

    await expect(figure4(settings, quietly(at('cut'), false, stopAt(3)))).rejects.toThrow('stopped by the test')
    expect(readFileSync(at('cut/figure4.md'), 'utf8')).toContain('Not finished: 1 of 2 epochs are done')
    await figure4(settings, quietly(at('cut'), true))
    const cut = await figure3(settings, quietly(at('cut'), true))
    expect(withoutTimes(cut.data)).toEqual(withoutTimes(third.data))
  })
})
