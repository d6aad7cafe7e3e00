/** What the help of every command shares. */

/** Examples at the end of a help text. */
export const examples = (lines: readonly string[]): string =>
  `\n${lines.length > 1 ? 'Examples' : 'Example'}:\n${lines.map((line) => `  ${line}\n`).join('')}`
