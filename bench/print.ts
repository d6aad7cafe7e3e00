/** How figures are printed. */
export const column = (value: number, width: number, digits: number): string => value.toFixed(digits).padStart(width)

export const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]

/** A peer's times and ours, turn by turn: medians and their ratio. */
export function compare(what: string, turns: readonly (readonly [number, number])[]): void {
  const [theirs, ours] = [median(turns.map(([a]) => a)), median(turns.map(([, b]) => b))]
  console.log(`${what.padEnd(34)} ${column(theirs, 9, 2)} ms ${column(ours, 7, 2)} ms ${column(theirs / ours, 7, 1)} ×`)
}
