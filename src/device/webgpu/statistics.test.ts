import { expect, it } from 'vitest'
import { Trial, testGpu, tiledGpu } from './gpu.testing.ts'
import { noStep } from './step.ts'
import { record, recordsOf } from './statistics.ts'

it('records sums over the real examples, of the first micro-batch in place of what was there', async () => {
  const trial = new Trial(await testGpu())
  const { plan, gpu } = trial
  const table = recordsOf(plan, 3, ['loss', 'errors', 'penalty', 'rest'])
  const losses = trial.input([1, 2, 3, 4, 5, 6, 7, 8])
  record(plan, table, { errors: losses, loss: trial.input([2, 4, 6, 8, 10, 12, 14, 16]), penalty: trial.input([0.5]) })
  const [found] = await trial.run([table.values], { record: 1, count: 3 })
  expect([...found]).toEqual([0, 0, 0, 0, 12, 6, 0.5, 0, 0, 0, 0, 0])
  const [program] = await gpu.compile([plan])
  for (const micro of [0, 1, 2]) gpu.submit([{ program, step: { ...noStep, record: 1, count: micro + 1, micro } }])
  expect([...(await gpu.read(table.values))].slice(4, 8)).toEqual([20, 10, 1.5, 0])
})

it('sums more examples than a workgroup of a GPU has threads', async () => {
  const trial = new Trial(await tiledGpu())
  const table = recordsOf(trial.plan, 1, ['loss'])
  record(trial.plan, table, { loss: trial.input(Array.from({ length: 1000 }, (_, i) => i)) })
  const [found] = await trial.run([table.values], { count: 999 })
  expect([...found]).toEqual([(998 * 999) / 2])
})

it('of nothing is 0, in place of what was there; columns that are not named stay', async () => {
  const trial = new Trial(await testGpu())
  const table = recordsOf(trial.plan, 1, ['loss', 'penalty', 'squares'])
  record(trial.plan, table, { loss: trial.input([1]), penalty: trial.input([2]), squares: trial.input([3]) })
  record(trial.plan, table, { loss: trial.input([4]), penalty: undefined })
  const [found] = await trial.run([table.values], { count: 1 })
  expect([...found]).toEqual([4, 0, 3])
})

it('of a slice sums all values, whoever they belong to, and takes a single one as it is', async () => {
  const trial = new Trial(await testGpu())
  const table = recordsOf(trial.plan, 1, ['t', 'loose', 'squares'])
  const values = trial.input([1, 2, 3, 4, 5, 6])
  const slices = { t: { values, first: 0, length: 4 }, loose: { values, first: 4, length: 2 } }
  record(trial.plan, table, { ...slices, squares: trial.input([7]) })
  const [found] = await trial.run([table.values], { count: 0 })
  expect([...found]).toEqual([10, 11, 7])
})

it('keeps NaN', async () => {
  const trial = new Trial(await testGpu())
  const table = recordsOf(trial.plan, 1, ['loss'])
  record(trial.plan, table, { loss: trial.input([1, NaN, 1, 1]) })
  const [found] = await trial.run([table.values], { count: 4 })
  expect([...found]).toEqual([NaN])
})

it('refuses columns that the table has not, and more values than a kernel can read', async () => {
  const { plan } = new Trial(await testGpu())
  expect(() => record(plan, recordsOf(plan, 1, ['loss']), { lost: plan.values('x', 4) })).toThrow(
    'no column is named lost',
  )
  const names = Array.from({ length: 8 }, (_, i) => `column ${i}`)
  const sums = Object.fromEntries(names.map((name) => [name, plan.values('x', 4)]))
  expect(() => record(plan, recordsOf(plan, 1, names), sums)).toThrow('cannot sum over 8 different values')
})
