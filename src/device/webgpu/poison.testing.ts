/**
 * Values that are NaN until a kernel writes them. Buffers start as zeros here and rooms keep what was there before, so that what
 * a kernel reads before anything is written may look right; after this it does not.
 */
import { type Dispatch, dispatchOf, write } from './kernel.ts'
import type { Plan } from './plan.ts'
import type { Storage, Values } from './values.ts'

/** Has a plan fill all values that do not stay with NaN, right before the kernel that uses them first. */
export function poison(plan: Plan): void {
  const seen = new Set<Storage>()
  const all = plan.dispatches.flatMap((dispatch): Dispatch[] => {
    const fresh = dispatch.uses
      .map(({ values }) => values)
      .filter(({ storage }) => !storage.isKept && !seen.has(storage))
    for (const { storage } of fresh) seen.add(storage)
    return [...fresh.map(fill), dispatch]
  })
  plan.dispatches.splice(0, plan.dispatches.length, ...all)
}

const fill = (values: Values): Dispatch =>
  dispatchOf({
    ...{ name: 'poison', uses: { x: write(values, 'u32') }, workgroup: [64, 1, 1], groups: [4, 1, 1] },
    main: '  for (var i = 64u * group.x + lane; i < arrayLength(&x); i += 256u) { x[i] = 0x7fc00000u; }',
  })
