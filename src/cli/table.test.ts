/** A table with ε per feature: trained, resumed, certified and attacked from the command line. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'
import { call } from './command.testing.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
const best = at('run/best.safetensors')

beforeAll(async () => {
  const random = new Random(2, 'bank')
  const rows = Array.from({ length: 120 }, () => [random.integer(70) + 20, random.integer(10_000), random.integer(2)])
  const label = ([age, income]: number[]) => (age! / 90 + income! / 10_000 > 1 ? 'granted' : 'refused')
  writeFileSync(
    at('bank.csv'),
    ['age,income,owner,label', ...rows.map((row) => [...row, label(row)].join())].join('\n'),
  )
  writeFileSync(at('eps.csv'), 'age,1\nincome,200\nowner,0\n')
  writeFileSync(at('other.csv'), 'age,2\nincome,200\nowner,0\n')
  const trained = await call(
    ...['train', '--out', at('run'), '--dataset', at('bank.csv'), '--architecture', 'linear 8, relu, linear'],
    ...['--method', 'interval', '--epochs', '4', '--batch-size', '10', '--learning-rate', '0.02', '--workers', '1'],
    ...['--epsilon-file', at('eps.csv')],
  )
  expect(trained).toMatchObject({ code: 0, stderr: '' })
  expect(trained.stdout).toContain('on validation images, ε per feature, at most 0.0')
  // paths in quotes, where they need them
  expect(trained.stdout.replaceAll("'", '')).toContain(`--epsilon-file ${at('run/config.json')}`)
})

const certify = (...args: string[]) => call('certify', best, '--dataset', at('bank.csv'), '--workers', '1', ...args)

test('the settings of the run hold a radius for each feature, and certify takes them from there', async () => {
  const { epsilon, epsilons } = JSON.parse(readFileSync(at('run/config.json'), 'utf8'))
  expect(epsilons).toEqual([expect.closeTo(1 / 69, 2), expect.closeTo(0.02, 3), 0])
  expect(epsilon).toBe(Math.max(...epsilons))
  const summary = await certify('--epsilon-file', at('run/config.json'), '--out', at('c.jsonl'), '--json')
  expect(JSON.parse(summary.stdout)).toMatchObject({ epsilon, epsilons, images: 24 })
  expect(JSON.parse(readFileSync(at('c.jsonl'), 'utf8').split('\n')[0]!)).toMatchObject({ epsilon, epsilons })
  const again = await certify('--epsilon-file', at('eps.csv'), '--out', at('c.jsonl'), '--resume')
  expect(again.stdout).toContain('ε per feature, at most 0.0')
  expect(again.stdout).toContain('0 images in ')
  const other = await certify('--epsilon-file', at('other.csv'), '--out', at('c.jsonl'), '--resume')
  expect(other).toMatchObject({ code: 2, stdout: '' })
  expect(other.stderr).toMatch(
    /is of another run \(epsilon is .* there, .* here; epsilons is \[.*\] there, \[.*\] here\)/,
  )
})

test('a run is resumed with its own radii only', async () => {
  const resume = (file: string) => call('train', '--resume', '--out', at('run'), '--epsilon-file', at(file))
  expect(await resume('eps.csv')).toMatchObject({ code: 0 })
  expect(await resume('other.csv')).toEqual({
    ...{ code: 2, stdout: '' },
    stderr:
      'robustra: the run was started with other ε per value: leave them out with --resume, or start another run with another --out\n',
  })
})

test('radii in a config file: a file of radii stands in their place, or one radius', async () => {
  const { epsilons } = JSON.parse(readFileSync(at('run/config.json'), 'utf8'))
  const settings = { dataset: at('bank.csv'), architecture: 'linear 2, relu, linear', method: 'natural', epochs: 1 }
  writeFileSync(at('c.json'), JSON.stringify({ ...settings, epsilons: ['2/255', 0, 0.01] }))
  const radii = async (name: string, ...args: string[]) => {
    const trained = await call('train', '--config', at('c.json'), '--out', at(name), '--workers', '1', ...args)
    expect(trained).toMatchObject({ code: 0, stderr: '' })
    const { epsilon, epsilons } = JSON.parse(readFileSync(at(`${name}/config.json`), 'utf8'))
    return [epsilon, epsilons]
  }
  expect(await radii('a')).toEqual([0.01, [2 / 255, 0, 0.01]])
  expect(await radii('b', '--epsilon-file', at('eps.csv'))).toEqual([Math.max(...epsilons), epsilons])
  expect(await radii('c', '--epsilon', '0.1')).toEqual([0.1, undefined])
})

test('attack keeps within them', async () => {
  const attacked = await call(
    ...['attack', best, '--dataset', at('bank.csv'), '--epsilon-file', at('eps.csv'), '--workers', '1'],
  )
  expect(attacked.stdout).toContain('test images of')
  expect(attacked.stdout).toContain('ε per feature, at most 0.0')
})

test('a row that changes the ranges of the features makes it another table: the network is not asked about it', async () => {
  writeFileSync(at('grown.csv'), `${readFileSync(at('bank.csv'), 'utf8')}\n150,50,1,refused`)
  for (const command of ['certify', 'attack']) {
    const outcome = await call(command, best, '--dataset', at('grown.csv'), '--epsilon', '0.01', '--workers', '1')
    expect(outcome).toMatchObject({ code: 2, stdout: '' })
    expect(outcome.stderr).toMatch(
      /best\.safetensors was trained on a table whose features have other names or ranges than/,
    )
  }
})
