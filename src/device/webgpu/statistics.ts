/** Sums of what a step finds out about its examples, into a table that is read back every so many steps. */
import { type Use, read, update } from './kernel.ts'
import type { Plan } from './plan.ts'
import { REDUCED, reduction } from './reduction.ts'
import type { Values } from './values.ts'

/** A table with a row for each of some steps. It is kept. */
export interface Records {
  /** [record][column] */
  readonly values: Values
  readonly columns: readonly string[]
}

export const recordsOf = (plan: Plan, count: number, columns: readonly string[]): Records => ({
  values: plan.kept('records', count * columns.length),
  columns,
})

/** Some of the values. */
export interface Slice {
  readonly values: Values
  readonly first: number
  readonly length: number
}

const isSlice = (of: Values | Slice): of is Slice => 'first' in of

/** The table takes one binding of the eight. */
const AT_ONCE = 7

/** By the name of their column: one value per example, [stride], a single one, [1], or all of a slice; undefined is 0. */
export type Sums = Readonly<Record<string, Values | Slice | undefined>>

/**
 * Records the sums of some columns over the real examples, in row `step.record`: in place of what is there in the first
 * micro-batch of a step (`step.micro` is 0), in addition to it in those after. Other columns stay as they are.
 * @throws RangeError if a column is not in the table
 */
export function record(plan: Plan, into: Records, sums: Sums): void {
  const all = Object.entries(sums)
  for (let first = 0; first < all.length; first += AT_ONCE) recordSome(plan, into, all.slice(first, first + AT_ONCE))
}

function recordSome(
  plan: Plan,
  { values, columns }: Records,
  sums: readonly (readonly [string, Values | Slice | undefined])[],
): void {
  const uses: Record<string, Use> = { table: update(values) }
  const cases = sums.map(([name, of], i) => {
    const column = columns.indexOf(name)
    if (column < 0) throw new RangeError(`no column is named ${name}`)
    if (!of) return `case ${i}u: { column = ${column}u; }`
    const { first, end } = isSlice(of)
      ? { first: of.first, end: `${of.first + of.length}u` }
      : { first: 0, end: of.length === 1 ? '1u' : `min(step.count, ${of.length}u)` }
    uses[`x${i}`] = read(isSlice(of) ? of.values : of)
    return `case ${i}u: { column = ${column}u; for (var e = ${first}u + lane; e < ${end}; e += ${REDUCED}u) { sum += x${i}[e]; } }`
  })
  plan.run({
    ...{ name: 'record', uses, workgroup: [REDUCED, 1, 1], groups: [sums.length, 1, 1], declarations: reduction },
    main: `  var sum = 0.0;
  var column = 0u;
  switch group.x { ${cases.join('\n')} default: {} }
  let total = sumOf(sum, lane);
  let at = step.record * ${columns.length}u + column;
  if (lane == 0u) { table[at] = select(table[at], 0.0, step.micro == 0u) + total; }`,
  })
}
