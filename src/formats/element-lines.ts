/** Where the elements of a list stand in a .toml or .json file, which its parsers do not tell. */

/** A string, a comment of TOML, or one character. */
const TOKEN = /"""[^]*?"""|'''[^]*?'''|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|#[^\n]*|\s+|[^]/g

/**
 * The line, from 1, on which each element of the list `name` begins: its `[[name]]`, or itself within brackets.
 * @param count of elements that there must be; if others are found, it is the line of the list for all
 */
export function linesOfElements(text: string, name: string, count: number): number[] {
  const tables = [...text.matchAll(new RegExp(`^[ \\t]*\\[\\[[ \\t]*${name}[ \\t]*\\]\\]`, 'gm'))].map(
    ({ index }) => index,
  )
  const list = new RegExp(`^[ \\t{,]*"?${name}"?[ \\t]*[=:]\\s*\\[`, 'm').exec(text)
  const found = tables.length > 0 ? tables : list ? elements(text, list.index + list[0].length) : []
  const lineOf = (index: number) => text.slice(0, index).split('\n').length
  return found.length === count ? found.map(lineOf) : Array<number>(count).fill(lineOf(list?.index ?? 0))
}

/** Where the elements begin of a list that opens before `start`. */
function elements(text: string, start: number): number[] {
  const found: number[] = []
  let [depth, isNext] = [0, true]
  for (const { 0: token, index } of text.slice(start).matchAll(TOKEN)) {
    if (token.startsWith('#') || token.trim() === '') continue
    if (depth === 0 && token === ']') break
    if (depth === 0 && token === ',') {
      isNext = true
      continue
    }
    if (isNext) found.push(start + index)
    isNext = false
    if (token === '[' || token === '{') depth++
    if (token === ']' || token === '}') depth--
  }
  return found
}
