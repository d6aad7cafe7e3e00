/** The words of a VNN-LIB file: parentheses and what stands between them, without comments. */
import { UserError } from '../../errors.ts'

const [OPEN, CLOSE, COMMENT, NEWLINE, SPACE, BYTE_ORDER_MARK] = [40, 41, 59, 10, 32, 0xfeff]

/** Reads a text word by word. A comment goes from ';' to the end of its line. */
export class Tokens {
  readonly #text: string
  readonly #name: string
  #at = 0
  #line = 1
  #current: string | undefined
  /** Lines of the current token and of the one taken before. */
  #currentLine = 1
  #takenLine = 1

  /** @param name of the file, for messages */
  constructor(text: string, name: string) {
    this.#text = text
    this.#name = name
    this.#current = this.#read()
  }

  /** '(', ')' or a word; undefined at the end. */
  get current(): string | undefined {
    return this.#current
  }

  /** Takes the current token. @param wanted what the grammar wants here, for the message at the end of the text */
  take(wanted: string): string {
    const token = this.#current
    this.#takenLine = this.#currentLine
    if (token === undefined) throw this.error(`the file ends where ${wanted} should be: is it cut short?`)
    this.#current = this.#read()
    return token
  }

  /** Takes the current token, which must be that parenthesis. */
  expect(token: '(' | ')', where: string): void {
    const taken = this.take(`'${token}'`)
    if (taken !== token) throw this.error(`'${quote(taken)}' where '${token}' should be, ${where}`)
  }

  /** With the file's name and the line of the token that was taken last. */
  error(message: string): UserError {
    return new UserError(`${this.#name}, line ${this.#takenLine}: ${message}`)
  }

  #read(): string | undefined {
    const text = this.#text
    for (; this.#at < text.length; this.#at++) {
      const code = text.charCodeAt(this.#at)
      if (code === NEWLINE) this.#line++
      else if (code === COMMENT) {
        const end = text.indexOf('\n', this.#at)
        // stays before the end of the line, which counts
        this.#at = (end < 0 ? text.length : end) - 1
      } else if (code > SPACE && code !== BYTE_ORDER_MARK) break
    }
    this.#currentLine = this.#line
    if (this.#at >= text.length) return undefined
    const start = this.#at++
    const first = text.charCodeAt(start)
    if (first === OPEN || first === CLOSE) return first === OPEN ? '(' : ')'
    while (this.#at < text.length && !endsWord(text.charCodeAt(this.#at))) this.#at++
    return text.slice(start, this.#at)
  }
}

const endsWord = (code: number) => code <= SPACE || code === OPEN || code === CLOSE || code === COMMENT

/** A word of the file for a message: not longer than a line can bear. */
export const quote = (word: string): string => (word.length > 40 ? `${word.slice(0, 40)}…` : word)
