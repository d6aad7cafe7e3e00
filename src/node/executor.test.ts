import { expect, it } from 'vitest'
import { collect } from '../jobs/executor.ts'
import { registry, testTask } from './threads.testing.ts'
import { threads } from './threads.ts'
it('gives results by part, also after a part has failed', async () => {
  const crew = threads(2, registry).start(testTask, {})
  expect(await collect(crew.run({ kind: 'square' }, 10))).toEqual([0, 1, 4, 9, 16, 25, 36, 49, 64, 81])
  await expect(collect(crew.run({ kind: 'throw', part: 1 }, 10))).rejects.toThrow('part 1 failed')
  expect(await collect(crew.run({ kind: 'square' }, 3))).toEqual([0, 1, 4])
  await crew.close()
})
