/**
 * What kind of mistake it is, for programs to tell apart:
 * - 'bad-input': an argument, an option or a network is not what it must be
 * - 'bad-file': what a file holds is damaged, of another kind, or does not fit
 * - 'no-access': the system does not let a file be read or written
 * - 'exists': what is to be made is there already
 * - 'in-use': another process writes there
 * - 'other-run': what is to be continued is of other settings or of another program, or is damaged
 * - 'no-data': files of a data set are missing, and cannot be downloaded
 * - 'diverged': the loss of a training is not finite any more
 * - 'out-of-memory': the network needs more memory than there is
 * - 'no-gpu': there is no GPU, or none of that name, or none that gives a device
 * - 'gpu-lost': a GPU or its driver failed while it computed
 * - 'not-built': a part of the installation is missing
 */
export type ErrorCode =
  | 'bad-input'
  | 'bad-file'
  | 'no-access'
  | 'exists'
  | 'in-use'
  | 'other-run'
  | 'no-data'
  | 'diverged'
  | 'out-of-memory'
  | 'no-gpu'
  | 'gpu-lost'
  | 'not-built'

/**
 * A mistake of the user's or of their files: shown as one line, without a stack trace, with exit code 2.
 * The message says what is wrong and where.
 */
export class UserError extends Error {
  override readonly name = 'UserError'
  declare readonly code: ErrorCode

  constructor(message: string, options: { readonly code?: ErrorCode; readonly cause?: unknown } = {}) {
    super(message, options)
    // not enumerable, as the message of an error is not
    Object.defineProperty(this, 'code', { value: options.code ?? 'bad-input', writable: true })
  }
}

/** A `UserError` for what a file holds. */
export const badFile = (message: string): UserError => new UserError(message, { code: 'bad-file' })

/** The name in `known` nearest to `given` by edit distance, or undefined if none is near. */
export function nearestName(given: string, known: readonly string[]): string | undefined {
  const scored = known.map((name) => ({ name, distance: editDistance(given.toLowerCase(), name.toLowerCase()) }))
  scored.sort((a, b) => a.distance - b.distance)
  const best = scored[0]
  return best && best.distance <= Math.max(2, Math.floor(best.name.length / 2)) ? best.name : undefined
}

/** A `UserError` for a name that is not among `known`, suggesting the nearest one. */
export function unknownName(what: string, given: string, known: readonly string[]): UserError {
  const nearest = nearestName(given, known)
  const hint = nearest ? `did you mean '${nearest}'?` : `choose one of: ${known.join(', ')}`
  return new UserError(`unknown ${what} '${given}': ${hint}`)
}

/** @throws UserError unless `value` is a whole number from `least` to `most` */
export function requireWhole(what: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`
  throw new UserError(`${what} must be a whole number ${range}, not ${value}`)
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    previous = row
  }
  return previous[b.length]
}
