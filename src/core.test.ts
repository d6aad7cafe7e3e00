import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { temporaryFolder } from './node/temporary.testing.ts'

const folder = temporaryFolder()
const root = fileURLToPath(new URL('..', import.meta.url))

/** Lines that name what Node has, or browsers, and not every runtime; each with the name. */
const planted = [
  ["import 'node:fs'", "'node:fs'"],
  ["Buffer.from('')", "'Buffer'"],
  ['process.exit(1)', "'process'"],
  ['setImmediate(() => 1)', "'setImmediate'"],
  ['document.title', "'document'"],
  ['localStorage.clear()', "'localStorage'"],
  ['__dirname', "'__dirname'"],
] as const

test('the core compiles without the types of Node and of browsers, and what it must not name is noticed', () => {
  writeFileSync(join(folder, 'planted.ts'), planted.map(([line]) => line).join('\n'))
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      ...{ extends: join(root, 'tsconfig.core.json'), files: ['planted.ts'] },
      compilerOptions: { typeRoots: [join(root, 'node_modules')] },
    }),
  )
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const { stdout } = spawnSync(process.execPath, [compiler, '-p', folder, '--pretty', 'false'], { encoding: 'utf8' })
  const errors = stdout.split('\n').filter((line) => line.includes(' error '))
  expect(errors.map((line) => Number(/planted\.ts\((\d+),/.exec(line)?.[1]))).toEqual(planted.map((_, i) => i + 1))
  planted.forEach(([, name], i) => expect(errors[i]).toContain(name))
})
