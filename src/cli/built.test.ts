import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { packageVersion } from '../base/version.ts'

it('`npm ci` leaves a command that can be executed as it is: npx does not always make it so', () => {
  const built = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
  expect(execFileSync(built, ['--version'], { encoding: 'utf8' }).trim()).toBe(packageVersion)
})
