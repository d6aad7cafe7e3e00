import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Heap } from './heap.ts'

test('gives what was pushed, least first, whatever was popped in between', () => {
  const action = fc.oneof(fc.integer(), fc.constant('pop' as const))
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
      const heap = new Heap<number>((a, b) => a - b)
      const model: number[] = []
      for (const next of actions) {
        if (next === 'pop') {
          model.sort((a, b) => a - b)
          expect(heap.peek()).toBe(model[0])
          expect(heap.pop()).toBe(model.shift())
        } else {
          heap.push(next)
          model.push(next)
        }
        expect(heap.size).toBe(model.length)
      }
    }),
    { seed: 1 },
  )
})
