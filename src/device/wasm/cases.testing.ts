/** Tests of many seeded random cases. */
import { expect, it } from 'vitest'
import { Random } from '../../base/random.ts'
import { Engine } from './engine.ts'
import type { KernelVariant } from './kernels.ts'
import { collect } from './oracle.testing.ts'

/** A test of seeded random cases; `check` returns what is wrong. */
export const testCases = (
  variant: KernelVariant,
  name: string,
  check: (engine: Engine, random: Random) => string[],
  runs = 60,
): void =>
  it(name, async () => {
    const engine = await Engine.create({ variant })
    const make = (seed: number) => new Random(seed, name)
    expect(collect(engine, runs, name, make, (random) => check(engine, random))).toEqual([])
  })
