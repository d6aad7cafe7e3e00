/** The commands that people read: in documents, in help texts, and in what the program prints. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { vi } from 'vitest'
import { run } from './run.ts'

/** The code blocks of a language in a document. */
export function blocksOf(document: string, language: string): string[] {
  const text = readFileSync(fileURLToPath(new URL(`../../${document}`, import.meta.url)), 'utf8')
  return [...text.matchAll(/^```(\w+)\n([^]*?)^```/gm)].flatMap(([, of, block]) => (of === language ? [block!] : []))
}

/** Commands of a document's shell blocks, in their order, without comments. */
export const commandsOf = (document: string): string[] =>
  blocksOf(document, 'sh').flatMap((block) => commandLines(block, 'npx robustra '))

/** Commands of the examples of a help text. */
export async function examplesOf(...command: string[]): Promise<string[]> {
  const help = await helpOf(...command)
  return commandLines(help.slice(help.search(/^Examples?:/m)), 'robustra ')
}

/** What `--help` prints. */
export async function helpOf(...command: string[]): Promise<string> {
  let help = ''
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((help += String(text))))
  await run([...command, '--help']).finally(() => spy.mockRestore())
  return help
}

/** Commands in a text that begin a line, or follow `&&`; they may go on over several lines. @param program its name */
export const commandLines = (text: string, program: string): string[] =>
  text
    .replaceAll(/ *\\\n\s*/g, ' ')
    .split('\n')
    .map((line) =>
      line
        .replace(/^.*&& /, '')
        .replace(/ +#.*$/, '')
        .trim(),
    )
    .filter((line) => line.startsWith(program))
    .map((line) => line.slice(program.length))

/** What a shell makes of the arguments of a command. */
export function words(args: string): string[] {
  const text = execFileSync('sh', ['-c', `for word in ${args}\ndo printf '%s\\0' "$word"\ndone`], { encoding: 'utf8' })
  return text.split('\0').slice(0, -1)
}
