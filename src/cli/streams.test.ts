/** What becomes of a command whose output goes nowhere. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../node/temporary.testing.ts'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

/** @param redirection as a shell writes it @param readers what of its output is closed at once */
async function shell(args: string, redirection: string, ...readers: ('stdout' | 'stderr')[]) {
  const child = spawn('sh', ['-c', `exec "$0" "$1" ${args} ${redirection}`, process.execPath, main])
  for (const reader of readers) child[reader].destroy()
  let stderr = ''
  child.stderr.on('data', (data) => (stderr += data))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, stderr }
}

const quick = ['--help', '--version', 'certify --help', 'info --architecture mnist-small', 'info --architecture mnist-small --json'] // prettier-ignore

test.runIf(existsSync('/dev/full')).each(quick)('%s into a full disk is an error', async (args) => {
  expect(await shell(args, '> /dev/full')).toEqual({
    code: 2,
    stderr: 'robustra: cannot write to standard output: no space left on the device\n',
  })
})

test.each(quick)('%s ends quietly when nobody reads it', async (args) => {
  expect(await shell(args, '', 'stdout')).toEqual({ code: 141, stderr: '' })
})

test.runIf(existsSync('/dev/full'))('progress that is lost is an error, too, and a closed pipe the end', async () => {
  const tiny = `quickstart --workers 1 --out ${temporaryFolder()}`
  expect(await shell(tiny, '2> /dev/full')).toEqual({ code: 2, stderr: '' })
  expect((await shell(tiny, '', 'stderr')).code).toBe(141)
})

test.runIf(existsSync('/proc/self/fdinfo'))('a result that would go nowhere is refused before the work', async () => {
  const { code, stderr } = await shell('info --architecture mnist-small', '>&-')
  expect([code, stderr]).toEqual([
    2,
    'robustra: standard output is closed, and the result would go nowhere else: open it\n',
  ])
  expect((await shell('info --architecture mnist-small', '> /dev/null')).code).toBe(0)
})
