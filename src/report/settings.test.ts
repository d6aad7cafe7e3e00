import { expect, test } from 'vitest'
import { settingRows } from './settings.ts'

test('of a single run, those that differ from the defaults come first', () => {
  const rows = settingRows([
    { settings: { seed: 1, epsilon: 2 / 255, start: '', new: [1] }, defaults: { seed: 1, epsilon: 0.1, start: '' } },
  ])
  expect(rows).toEqual([
    { name: 'epsilon', values: ['2/255'], differs: true },
    { name: 'new', values: ['[1]'], differs: true },
    { name: 'seed', values: ['1'], differs: false },
    { name: 'start', values: ['none'], differs: false },
  ])
})

test('of several, those in which they differ, whatever the defaults', () => {
  const defaults = { method: 'robustra', seed: 1 }
  const rows = settingRows([
    { settings: { method: 'lp-dual', seed: 1 }, defaults },
    { settings: { method: 'lp-dual', seed: 2, parallelPair: true }, defaults },
  ])
  expect(rows).toEqual([
    { name: 'seed', values: ['1', '2'], differs: true },
    { name: 'parallelPair', values: ['–', 'yes'], differs: true },
    { name: 'method', values: ['lp-dual', 'lp-dual'], differs: false },
  ])
})
