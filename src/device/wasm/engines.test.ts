import { expect, test } from 'vitest'
import type { Engine } from './engine.ts'
import { withEngine } from './engines.ts'

const borrow = (bytes: number) =>
  withEngine(async (engine: Engine) => {
    engine.allocate(bytes)
    return engine
  })

test('an engine is borrowed again, with its memory free; after it has grown large, it is not', async () => {
  const first = await borrow(1000)
  const before = first.mark()
  expect(await borrow(2 ** 28)).toBe(first)
  expect(first.mark()).toBe(before)
  expect(await borrow(1000)).not.toBe(first)
})

test('an engine is given back after an error', async () => {
  let failed: Engine | undefined
  await expect(
    withEngine(async (engine) => {
      failed = engine
      throw new Error('failed')
    }),
  ).rejects.toThrow('failed')
  expect(await borrow(1000)).toBe(failed)
})
