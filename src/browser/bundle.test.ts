import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../node/temporary.testing.ts'
import { bundle, packagesAtStart } from './bundle.testing.ts'

const folder = temporaryFolder()
const core = fileURLToPath(new URL('../index.ts', import.meta.url))

test.each([
  ['parseSafetensors', []],
  // HiGHS is loaded when it is needed
  ['verify', []],
  ['parseNetwork', ['fflate', 'long', 'protobufjs', 'zod']],
])('who takes %s alone gets no package that it does not use', async (name, packages) => {
  const entry = join(folder, `${name}.ts`)
  writeFileSync(entry, `export { ${name} } from '${core}'`)
  expect(packagesAtStart(await bundle(entry))).toEqual(packages)
})
