import { expect, test, vi } from 'vitest'
import { fit, fitParts, isScreen, widthOf } from './fit.ts'
import { Progress } from './progress.ts'
import { formatTable } from './text.ts'
import { helpOf } from './written-commands.testing.ts'

test('what fits stays as it is', () => {
  const text = 'a\n  b   c\n\n    d\n'
  expect(fit(text, 9)).toBe(text)
})

test('paragraphs are filled again, lists keep their column, commands continue', () => {
  expect(fit('one two three\nfour\n', 9)).toBe('one two\nthree\nfour\n')
  expect(fit('x\n\n  lp     bounds by the dual\n  pgd    attack\n', 18)).toBe(
    'x\n\n  lp     bounds by\n         the dual\n  pgd    attack\n',
  )
  const command = "  robustra info 'conv 4 3, relu' \\\n    --json --svg a.svg\n"
  expect(fit(command, 26)).toBe("  robustra info \\\n    'conv 4 3, relu' \\\n    --json --svg a.svg\n")
})

const commands = [
  'quickstart',
  'train',
  'certify',
  'verify',
  'attack',
  'convert',
  'info',
  'report',
  'reproduce',
  'data',
]
test.each(commands)('the help of %s fits 80 columns', async (command) => {
  const help = await helpOf(command)
  expect(help).toMatch(/^Usage: robustra/)
  expect(help.split('\n').filter((line) => line.length > 80)).toEqual([])
})

test('a line of parts takes as many lines as it needs', () => {
  expect(fitParts(['1/2 f', 'loss 1', 'LP 3 %'], 80)).toBe('1/2 f  loss 1  LP 3 %')
  expect(fitParts(['1/2 f', 'loss 1', 'LP 3 %'], 14)).toBe('1/2 f  loss 1\n    LP 3 %')
})

test('of a table that is too wide, one column has several lines', () => {
  const rows = [
    ['step', 'meaning', 'error'],
    ['lp', 'not proved up to LP dual bounds', '45 %'],
  ]
  expect(formatTable(rows, 2, 80).split('\n')).toHaveLength(3)
  expect(formatTable(rows, 2, 33)).toBe(
    [
      'step  meaning               error',
      '────  ────────────────────  ─────',
      'lp    not proved up to LP    45 %',
      '      dual bounds',
    ].join('\n'),
  )
})

test('a dumb terminal gets no escape codes, and no line wider than it is', () => {
  let written = ''
  const stream = { isTTY: true, columns: 40, write: (text: string) => Boolean((written += text)) }
  vi.stubEnv('TERM', 'dumb')
  expect([isScreen(stream), widthOf(stream)]).toEqual([false, 40])
  const progress = new Progress(stream as unknown as NodeJS.WriteStream)
  progress.start('certifying', 10)
  progress.update(5, '5/10 images')
  progress.line('1/2 f', 'loss 1.000', 'clean 10.00 %', 'LP 20.00 %', 'lr 1.0e-3')
  progress.finish()
  vi.unstubAllEnvs()
  expect(written).toBe('1/2 f  loss 1.000  clean 10.00 %\n    LP 20.00 %  lr 1.0e-3\n')
})
