/** The lists of faults keep up with the sources: otherwise `npm run test:mutation` finds out hours later. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { lists } from './index.ts'

const at = (file: string) => fileURLToPath(new URL(`../../${file}`, import.meta.url))

test('every fault can be planted in one place, and its tests exist', () => {
  const wrong = Object.values(lists)
    .flat()
    .flatMap(({ file, find, tests }) => {
      const places = existsSync(at(file)) ? readFileSync(at(file), 'utf8').split(find).length - 1 : 0
      const missing = tests.filter((each) => !existsSync(at(each))).map((each) => `there is no ${each}`)
      return places === 1 ? missing : [`${places} places in ${file}: ${find}`, ...missing]
    })
  expect(wrong).toEqual([])
})
