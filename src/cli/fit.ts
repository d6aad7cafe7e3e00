/** Text that fits a screen: paragraphs, commands, lists, and lines of several parts. */
import { folded } from './follow-up.ts'

/** What a stream without a screen is written for. */
const USUAL_WIDTH = 80

/** Columns of the screen that a stream is shown on. */
export const widthOf = ({ columns }: { readonly columns?: number }): number => columns ?? USUAL_WIDTH

/** Whether the stream is a screen that does more than to print: one that can overwrite a line, or hide its cursor. */
export const isScreen = (stream: { readonly isTTY?: boolean }): boolean =>
  stream.isTTY === true && process.env['TERM'] !== 'dumb'

/** The text with no line wider than `width`, if its words allow that: paragraphs that need it are filled again. */
export const fit = (text: string, width: number): string =>
  blocksOf(text)
    .map((block) => (block.some((line) => line.length > width) ? fill(block, width) : block.join('\n')))
    .join('\n')

/** Paragraphs, and indented lines each for itself with those that continue it. */
function blocksOf(text: string): string[][] {
  const blocks: string[][] = []
  let last = ''
  for (const line of text.split('\n')) {
    const continues = last.endsWith('\\') || (/^\S/.test(line) && /^\S/.test(last))
    if (continues) blocks.at(-1)!.push(line)
    else blocks.push([line])
    last = line
  }
  return blocks
}

/** @param block a paragraph, an indented line, or a command */
function fill(block: readonly string[], width: number): string {
  const indent = /^ */.exec(block[0]!)![0]
  const text = block.join('\n').trim()
  if (/^robustra [a-z]/.test(text)) return folded(text.replaceAll(/ *\\\n\s*/g, ' '), indent, width)
  // what a list says of a name stands in a column of its own
  const name = indent === '' ? '' : (/^\S+ {2,}/.exec(text)?.[0] ?? '')
  const words = text.slice(name.length).split(/\s+/)
  return lines(words, { first: indent + name, others: ' '.repeat(indent.length + name.length), width }).join('\n')
}

/** Parts of a line, two spaces apart, over as many lines as they need. */
export const fitParts = (parts: readonly string[], width: number): string =>
  lines(parts, { first: '', others: '    ', width, gap: '  ' }).join('\n')

/** A text over lines that are at most so wide. */
export const fitWords = (text: string, width: number): string[] =>
  width >= text.length ? [text] : lines(text.split(' '), { first: '', others: '', width })

interface Layout {
  /** What the first line begins with, and the others. */
  readonly first: string
  readonly others: string
  readonly width: number
  readonly gap?: string
}

function lines(items: readonly string[], { first, others, width, gap = ' ' }: Layout): string[] {
  const done: string[] = []
  let line = first
  let isEmpty = true
  for (const item of items) {
    if (!isEmpty && line.length + gap.length + item.length > width) {
      done.push(line)
      line = others
      isEmpty = true
    }
    line += (isEmpty ? '' : gap) + item
    isEmpty = false
  }
  return [...done, line]
}
