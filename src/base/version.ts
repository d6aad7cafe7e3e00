/** The version of this program: results of another one may differ, so files say which made them. */
import { readFileSync } from 'node:fs'

/** As package.json has it. */
export const packageVersion = (): string =>
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version
