import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { encodePng } from '../formats/png.ts'
import { writePng } from './png-file.ts'
import { temporaryFolder } from './temporary.testing.ts'

const folder = temporaryFolder()

test('writes a file', () => {
  const shape = { channels: 1, height: 1, width: 1 }
  writePng(join(folder, 'a.png'), shape, [1], 3)
  expect(new Uint8Array(readFileSync(join(folder, 'a.png')))).toEqual(encodePng(shape, [1], 3))
})
