import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { kernelTypes } from '../../../scripts/kernel-types.mjs'
import { Engine } from './engine.ts'

test('the types of the kernels are those of their sources', () => {
  const folder = fileURLToPath(new URL('.', import.meta.url))
  const text = readFileSync(`${folder}kernels.generated.ts`, 'utf8')
  expect(text, 'run scripts/build-kernels.mjs').toBe(kernelTypes(`${folder}assembly/`))
})

test('a wrong call of a kernel does not compile', async () => {
  const engine = await Engine.create()
  const { kernels } = engine
  const [floats, doubles, integers] = [engine.floats(4), engine.doubles(4), engine.integers(4)]
  const wrong = () => {
    // @ts-expect-error a count is no pointer
    kernels.relu(4, floats, 4)
    // @ts-expect-error a pointer is no count
    kernels.relu(floats, floats, floats)
    // @ts-expect-error one argument too many
    kernels.relu(4, floats, floats, floats)
    // @ts-expect-error one too few
    kernels.relu(4, floats)
    // @ts-expect-error doubles are no floats
    kernels.absolute(4, floats, doubles)
    // @ts-expect-error integers are no floats
    kernels.absolute(4, integers, floats)
    // @ts-expect-error one struct is not another
    kernels.dualSweep(engine.struct('Active', { counts: integers, channels: integers }))
    // @ts-expect-error a struct lacks a field
    engine.struct('Active', { counts: integers })
  }
  expect(wrong).toBeTypeOf('function')
})
