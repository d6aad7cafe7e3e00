import { expect, test } from 'vitest'
import { UserError } from '../base/errors.ts'
import { inline } from '../jobs/inline.ts'
import { webWorkers } from './web-workers.ts'

// with workers it runs in runtimes.test.ts
test('where memory cannot be shared, the calling thread does the work', () => expect(webWorkers(2)).toBe(inline))

test.each([0, 1.5, 257])('there are no %d workers', (workers) => expect(() => webWorkers(workers)).toThrow(UserError))
