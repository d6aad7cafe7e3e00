/** Commands that the program tells its user to run next: as they are typed where this one was started. */
import { basename, delimiter, dirname, relative, resolve } from 'node:path'

/**
 * The command line of robustra with these words, for a shell of the kind of sh.
 * @param words undefined ones are left out
 */
export const commandLine = (...words: readonly (string | undefined)[]): string =>
  [program(), ...words.filter((word) => word !== undefined).map(quoted)].join(' ')

/** The command that is running, with some words added if it has not got them. */
export const sameCommand = (...more: readonly string[]): string => {
  const words = process.argv.slice(2)
  return commandLine(...words, ...more.filter((word) => !words.includes(word)))
}

/** A command over several lines, none of them wider than `width` if its words allow that. */
export function folded(command: string, indent: string, width = 80): string {
  // an option stays with its value
  const word = String.raw`(?:'[^']*'|\\.|[^\s'\\])+`
  const parts = command.match(new RegExp(String.raw`--\S+\s+(?!--)${word}|${word}`, 'g')) ?? []
  const lines: string[] = []
  for (const part of parts) {
    const last = lines.at(-1)
    // with room for a backslash
    if (last !== undefined && last.length + 1 + part.length + 2 <= width) lines[lines.length - 1] = `${last} ${part}`
    else lines.push(`${indent}${last === undefined ? '' : '  '}${part}`)
  }
  return lines.join(' \\\n')
}

/** As a shell takes it for one word. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./~-]+$/.test(word) && !word.startsWith('~') ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`

/** How this program was started. */
function program(): string {
  const { npm_command: npm, npm_lifecycle_event: script, PATH = '' } = process.env
  const path = process.argv[1] ?? 'robustra'
  if (script === 'robustra') return 'npm run robustra --'
  const npx = npm === undefined ? '' : 'npx '
  if (basename(path) !== 'robustra') return `${npx}node ${quoted(nearest(path))}`
  const isOnPath = PATH.split(delimiter).some((folder) => resolve(folder) === dirname(path))
  return npx !== '' || isOnPath ? `${npx}robustra` : quoted(nearest(path))
}

/** The shorter one of a path and the way to it from here. */
function nearest(path: string): string {
  const here = relative('', path)
  const way = here.includes('/') || here.includes('\\') ? here : `./${here}`
  return way.length < path.length ? way : path
}
