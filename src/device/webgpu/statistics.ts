/** Sums of what a step finds out about its examples, into a table that is read back every so many steps. */
import { type Use, read, update } from './kernel.ts'
import type { Plan } from './plan.ts'
import { summing } from './reduction.ts'
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

/** By the name of their column: one value per example, [stride], a single one, [1], or all of a slice; undefined is 0. */
export type Sums = Readonly<Record<string, Values | Slice | undefined>>

/** The table takes one binding of the eight. */
const MOST = 7

/**
 * Records the sums of some columns over the real examples, in row `step.record`: in place of what is there in the first
 * micro-batch of a step (`step.micro` is 0), in addition to it in those after. Other columns stay as they are.
 * @throws RangeError if a column is not in the table, or the sums are over more than 7 different values
 */
export function record(plan: Plan, { values, columns }: Records, sums: Sums): void {
  const sources: Values[] = []
  const placeOf = (one: Values) => (sources.includes(one) ? sources.indexOf(one) : sources.push(one) - 1)
  const cases = Object.entries(sums).map(([name, of], i) => {
    const column = columns.indexOf(name)
    if (column < 0) throw new RangeError(`no column is named ${name}`)
    if (!of) return `case ${i}u: { column = ${column}u; }`
    const { source, first, end } = isSlice(of)
      ? { source: placeOf(of.values), first: of.first, end: `${of.first + of.length}u` }
      : { source: placeOf(of), first: 0, end: of.length === 1 ? '1u' : `min(step.count, ${of.length}u)` }
    return `case ${i}u: { column = ${column}u; for (var e = ${first}u + lane; e < ${end}; e += TEAM) { sum += x${source}[e]; } }`
  })
  if (sources.length > MOST) throw new RangeError(`a kernel cannot sum over ${sources.length} different values`)
  const uses: Record<string, Use> = { table: update(values) }
  sources.forEach((one, i) => (uses[`x${i}`] = read(one)))
  plan.run({
    ...{ name: 'record', uses, groups: [cases.length, 1, 1], ...summing(plan) },
    main: `  var sum = 0.0;
  var column = 0u;
  switch group.x { ${cases.join('\n')} default: {} }
  let total = sumOf(sum, lane);
  let at = step.record * ${columns.length}u + column;
  if (lane == 0u) { table[at] = select(table[at], 0.0, step.micro == 0u) + total; }`,
  })
}
