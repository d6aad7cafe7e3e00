/**
 * A mistake of the user's or of their files: shown as one line, without a stack trace, with exit code 2.
 * The message says what is wrong, where, and what to do about it.
 */
export class UserError extends Error {
  override readonly name = 'UserError'
}

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
