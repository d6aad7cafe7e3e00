import { execFileSync } from 'node:child_process'
import { afterEach, expect, test, vi } from 'vitest'
import { commandLine, folded, quoted, sameCommand } from './follow-up.ts'

afterEach(() => vi.unstubAllEnvs())

/** The program as it was started by this path, under these variables of npm's. */
function startedAs(path: string, npm?: string, script?: string): void {
  vi.stubEnv('npm_command', npm)
  vi.stubEnv('npm_lifecycle_event', script)
  process.argv = ['node', path, 'certify', 'my net.onnx', '--epsilon', '0.1']
}

test.each([
  ['npx robustra', '/p/node_modules/.bin/robustra', 'exec', 'npx'],
  ['npm run robustra --', '/p/src/cli/main.ts', 'run', 'robustra'],
  ['npx robustra', '/p/node_modules/.bin/robustra', 'run', 'experiment'],
  ['npx node /p/main.ts', '/p/main.ts', 'exec', 'npx'],
  ['node /p/main.ts', '/p/main.ts'],
  ['robustra', '/usr/bin/robustra'],
  ['/other/robustra', '/other/robustra'],
])('%s', (program, path, npm?: string, script?: string) => {
  startedAs(path, npm, script)
  vi.stubEnv('PATH', '/usr/local/bin:/usr/bin')
  expect(commandLine('info', 'a b')).toBe(`${program} info 'a b'`)
})

test('the same command, with what it lacks', () => {
  startedAs('/usr/bin/robustra')
  const again = `${commandLine()} certify 'my net.onnx' --epsilon 0.1`
  expect(sameCommand('--resume')).toBe(`${again} --resume`)
  process.argv.push('--resume')
  expect(sameCommand('--resume')).toBe(`${again} --resume`)
})

test('a shell takes words for what they are, on one line or several', () => {
  const words = ['a b', "it's", '$HOME', '~', 'x*', '', '--epsilon', '8/255', '"', String.raw`\n`, 'é', 'runs/a.b']
  const text = words.map(quoted).join(' ')
  for (const command of [text, folded(text, '  ', 20)]) {
    const heard = execFileSync('sh', ['-c', `for word in ${command.trim()}; do printf '%s|' "$word"; done`])
    expect(heard.toString().split('|').slice(0, -1)).toEqual(words)
  }
  expect(folded('robustra certify net.onnx --epsilon 0.1', '  ', 25)).toBe(
    '  robustra certify \\\n    net.onnx \\\n    --epsilon 0.1',
  )
})
