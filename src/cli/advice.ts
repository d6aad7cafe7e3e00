/** What to do about errors of a kind: only the command line knows which flag mends them. */
import { UserError, type ErrorCode } from '../base/errors.ts'

/** @param flag what said where the output goes */
const advice = (flag: string): { readonly [code in ErrorCode]?: string } => ({
  exists: `: choose another ${flag}, or continue with --resume`,
  'in-use': `, or choose another ${flag}`,
  'other-run': `: choose another ${flag}`,
  'no-data': ' DIR and give --data DIR',
})

/** The same error, saying what to do about it. */
export function advised(error: UserError, flag = '--out'): UserError {
  const what = advice(flag)[error.code]
  return what === undefined ? error : new UserError(error.message + what, { cause: error })
}
