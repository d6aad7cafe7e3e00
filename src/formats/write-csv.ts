/** A table as comma-separated values, of numbers and plain names: nothing needs quotes. Null and undefined are empty. */
export const csv = (
  head: readonly string[],
  rows: readonly (readonly (string | number | null | undefined)[])[],
): string => [head, ...rows].map((cells) => `${cells.map((cell) => cell ?? '').join(',')}\n`).join('')
