/** The words of a VNN-LIB file: parentheses and what stands between them, without comments. */
import { type UserError, badFile } from '../../base/errors.ts'

const [OPEN, CLOSE, COMMENT, LINE_FEED, RETURN, SPACE, BYTE_ORDER_MARK] = [40, 41, 59, 10, 13, 32, 0xfeff]
const [STRING, SYMBOL, INDICES, INDICES_END] = [34, 124, 91, 93]

/** Reads a text word by word. A line ends at LF, CR or CR LF, and a comment with its line, as in SMT-LIB 2.6. */
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

  /**
   * '(', ')', a word, a "string" with its quotes, or indices such as '[0,2]' without spaces; undefined at the end.
   * A symbol in |bars| comes without them if it could stand without them.
   */
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

  /** Takes everything up to the parenthesis that closes the current one, but not that parenthesis. */
  skip(): void {
    for (let depth = 0; depth > 0 || this.#current !== ')';) {
      const token = this.take("')'")
      if (token === '(') depth++
      else if (token === ')') depth--
    }
  }

  /** With the file's name and the line of the token that was taken last. */
  error(message: string): UserError {
    return badFile(`${this.#name}, line ${this.#takenLine}: ${message}`)
  }

  #read(): string | undefined {
    const text = this.#text
    for (; this.#at < text.length; this.#at++) {
      const code = text.charCodeAt(this.#at)
      if (code === LINE_FEED || code === RETURN) this.#countLine()
      else if (code === COMMENT) {
        // stays before the end of the line, which counts
        while (this.#at + 1 < text.length && !endsLine(text.charCodeAt(this.#at + 1))) this.#at++
      } else if (code > SPACE && code !== BYTE_ORDER_MARK) break
    }
    this.#currentLine = this.#line
    if (this.#at >= text.length) return undefined
    const start = this.#at++
    const first = text.charCodeAt(start)
    if (first === OPEN || first === CLOSE) return first === OPEN ? '(' : ')'
    if (first === STRING) return this.#quoted(start, STRING, 'string')
    if (first === SYMBOL) return withoutBars(this.#quoted(start, SYMBOL, 'symbol'))
    if (first === INDICES) return this.#quoted(start, INDICES_END, "'['").replace(/\s+/g, '')
    while (this.#at < text.length && !endsWord(text.charCodeAt(this.#at))) this.#at++
    return text.slice(start, this.#at)
  }

  /** Skips to its last character. A string with two quotes inside is read as two strings, which makes no difference here. */
  #quoted(start: number, end: number, kind: string): string {
    const text = this.#text
    for (; this.#at < text.length; this.#at++) {
      const code = text.charCodeAt(this.#at)
      if (code === LINE_FEED || code === RETURN) this.#countLine()
      else if (code === end) return text.slice(start, ++this.#at)
    }
    this.#takenLine = this.#currentLine
    throw this.error(`the ${kind} that begins here has no end`)
  }

  /** At the last character of a line end: CR LF is one. */
  #countLine(): void {
    const isFirst = this.#text.charCodeAt(this.#at) === RETURN && this.#text.charCodeAt(this.#at + 1) === LINE_FEED
    if (!isFirst) this.#line++
  }
}

const endsLine = (code: number) => code === LINE_FEED || code === RETURN

const endsWord = (code: number) =>
  code <= SPACE ||
  code === OPEN ||
  code === CLOSE ||
  code === COMMENT ||
  code === STRING ||
  code === SYMBOL ||
  code === INDICES

const withoutBars = (symbol: string) => (/^\|[\w~!@$%^&*+=<>.?/-]+\|$/.test(symbol) ? symbol.slice(1, -1) : symbol)

/** A word of the file for a message: in one line, and not too long. */
export const quote = (word: string): string =>
  (word.length > 40 ? `${word.slice(0, 40)}…` : word).replace(/[\r\n]+/g, ' ')
