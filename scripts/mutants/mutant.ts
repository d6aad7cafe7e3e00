/** A fault to be planted: the tests beside it must notice. */
export interface Mutant {
  /** From the root. */
  readonly file: string
  /** Text of the file that occurs exactly once, and what takes its place. */
  readonly find: string
  readonly replace: string
  /** Test files of which one at least must fail. */
  readonly tests: readonly string[]
  /** Why no test can notice: then none may. */
  readonly harmless?: string | undefined
}

/** `find`, `replace` and perhaps `harmless`. */
type Change = readonly [find: string, replace: string, harmless?: string]

/** Mutants of one file that the same tests must notice; those that are likeliest to notice come first. */
export const mutantsOf = (file: string, tests: readonly string[], changes: readonly Change[]): Mutant[] =>
  changes.map(([find, replace, harmless]) => ({ file, find, replace, tests, harmless }))

/** Test files by what they test, from src/. */
export const tests = (...names: readonly string[]): string[] => names.map((name) => `src/${name}.test.ts`)
