/** Names and values from .toml and .json files. */
import { TomlError, parse } from 'smol-toml'
import { UserError, badFile } from '../base/errors.ts'

/**
 * @param path the file's name, which says what it is
 * @param what it holds, for messages: 'settings'
 * @throws UserError in one line, if the name has another ending, or the text is no TOML, no JSON or holds no names
 */
export function parseTomlOrJson(text: string, path: string, what: string): Record<string, unknown> {
  const ending = /\.(toml|json)$/i.exec(path)?.[1].toLowerCase()
  if (ending === undefined) throw new UserError(`${path}: ${what} are read from .json and .toml files only`)
  let value: unknown
  try {
    value = ending === 'toml' ? parse(text) : JSON.parse(text)
  } catch (error) {
    const [line, reason] =
      error instanceof TomlError
        ? [`, line ${error.line}`, error.message.split('\n')[0].replace('Invalid TOML document: ', '')]
        : ['', (error as Error).message]
    throw badFile(`${path} is not valid ${ending.toUpperCase()}${line}: ${reason}`)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw badFile(`${path} does not hold ${what} by name`)
}
