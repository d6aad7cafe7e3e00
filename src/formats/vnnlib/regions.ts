/** The unsafe set of a formula: a union of boxes of inputs, each with the outputs that are unsafe over it. */
import { badFile } from '../../base/errors.ts'
import type { AskedQuestion, LinearConstraint, Question } from '../../region/question.ts'
import { type Bounds, type Case, CaseMaker, isEmpty, isTighter } from './cases.ts'
import { holdsAt, widened } from './constraint.ts'
import { next, previous } from './float64.ts'
import type { Bound, Comparison, Formula } from './formula.ts'
import { indexOf, inputVariable, isInput } from './linear.ts'
import { Rational } from './rational.ts'

/**
 * A question about one box of the file, a little wider than the file where float64 makes it so: the ends of the box are
 * rounded outwards. At least one case; a case without constraints always holds.
 */
export interface BoxQuestion extends Question {
  /**
   * What is in the set of the file itself. Its ends are rounded inwards. Where float64 has no number between two ends,
   * which both belong to the box, the one nearest to them stands for all. `holds` takes the outputs of the network, then
   * the watched inputs.
   */
  readonly asked: AskedQuestion
}

export interface UnsafeSet {
  readonly regions: readonly BoxQuestion[]
  /** The inputs that constraints mention, in rising order. Constraints are over the outputs and then these inputs. */
  readonly watched: readonly number[]
}

/** How many numbers all boxes and all constraints may have: enough for any useful property. */
const MOST_NUMBERS = 2 ** 24

/**
 * @param name of the file, for messages
 * @throws UserError if an input has no bound, or for what is too large
 */
export function unsafeSet(formula: Formula, inputs: number, outputs: number, name: string): UnsafeSet {
  const maker = new CaseMaker(name)
  // what holds everywhere stays out of the cases, or it would be copied into each
  const { bounds: base, constraints: everywhere, choices } = maker.conjuncts(formula)
  if (isEmpty(base)) return { regions: [], watched: [] }
  const cases = maker.cases({ kind: 'and', parts: choices, depth: 0 }, base)
  const watched = watchedInputs(everywhere, cases)
  const width = outputs + watched.length
  const places = new Map(watched.map((input, k) => [inputVariable(input), outputs + k]))
  const place = (variable: number) => places.get(variable) ?? indexOf(variable)
  const wide = new Map<Comparison, LinearConstraint | undefined>()
  const widen = (comparison: Comparison): readonly LinearConstraint[] => {
    if (!wide.has(comparison)) {
      requireRoom((wide.size + 1) * width, name)
      wide.set(comparison, widened(comparison, width, place))
    }
    const constraint = wide.get(comparison)
    return constraint ? [constraint] : []
  }
  const regions = byBox(cases, base, inputs, name).map(({ bounds, cases: within }): BoxQuestion => {
    for (const _ of within) maker.copied(everywhere.length)
    const { lower, upper, asked, isPossible } = boxOf([base, bounds], inputs, name)
    const unsafe = within.map((constraints) => [...everywhere, ...constraints].flatMap(widen))
    const holds = (point: Float64Array, values: Float64Array) => {
      if (!isPossible || !values.every(Number.isFinite)) return false
      const valueOf = (variable: number) => (isInput(variable) ? point[indexOf(variable)] : values[indexOf(variable)])
      const isMet = (comparison: Comparison) => holdsAt(comparison, valueOf)
      return everywhere.every(isMet) && within.some((constraints) => constraints.every(isMet))
    }
    return { lower, upper, unsafe, asked: { ...asked, holds } }
  })
  return { regions, watched }
}

function watchedInputs(everywhere: readonly Comparison[], cases: readonly Case[]): number[] {
  const watched = new Set<number>()
  const watch = ({ variables }: Comparison) => {
    for (const variable of variables) if (isInput(variable)) watched.add(indexOf(variable))
  }
  everywhere.forEach(watch)
  for (const { constraints } of cases) constraints.forEach(watch)
  return [...watched].toSorted((a, b) => a - b)
}

interface Box {
  readonly bounds: Bounds
  /** The constraints of each case in this box. */
  readonly cases: (readonly Comparison[])[]
}

function byBox(cases: readonly Case[], base: Bounds, inputs: number, name: string): Box[] {
  const boxes = new Map<string, Box>()
  const keys = new Map<Bounds, string>()
  for (const { bounds, constraints } of cases) {
    const key = keys.get(bounds) ?? keyOf(bounds, base)
    keys.set(bounds, key)
    const box = boxes.get(key) ?? { bounds, cases: [] }
    boxes.set(key, box)
    requireRoom(boxes.size * inputs, name)
    box.cases.push(constraints)
  }
  return [...boxes.values()]
}

/** The same for cases with the same box: what they say beyond the base. */
function keyOf({ lower, upper }: Bounds, base: Bounds): string {
  const keys = [
    ...[...lower.values()].filter((bound) => isTighter(bound, base.lower.get(bound.input))),
    ...[...upper.values()].filter((bound) => isTighter(bound, base.upper.get(bound.input))),
  ].map(({ input, isLower, strict, value }) => `${isLower ? 'l' : 'u'}${strict ? 's' : ''}${input},${value.key}`)
  return keys.toSorted().join(' ')
}

function boxOf(all: readonly Bounds[], inputs: number, name: string) {
  const [lower, upper] = [new Float64Array(inputs).fill(-Infinity), new Float64Array(inputs).fill(Infinity)]
  const asked = { lower: lower.slice(), upper: upper.slice() }
  const tighten = (bound: Bound) => {
    const { input, isLower, value } = bound
    if (isLower) {
      lower[input] = Math.max(lower[input], value.floor)
      asked.lower[input] = Math.max(asked.lower[input], inwards(bound))
    } else {
      upper[input] = Math.min(upper[input], value.ceiling)
      asked.upper[input] = Math.min(asked.upper[input], inwards(bound))
    }
  }
  for (const bounds of all) {
    bounds.lower.forEach(tighten)
    bounds.upper.forEach(tighten)
  }
  for (const [end, values] of Object.entries({ lower, upper })) {
    const open = values.findIndex((value) => !Number.isFinite(value))
    if (open < 0) continue
    const hint = `(assert (${end === 'lower' ? '>=' : '<='} X_${open} 0.0))`
    throw badFile(`${name}: X_${open} has no ${end} bound: add one, such as ${hint}`)
  }
  let isPossible = true
  asked.lower.forEach((least, i) => {
    if (least <= asked.upper[i]) return
    // both ends lie between the same two neighbours
    const [from, to] = [tightest(all, 'lower', i), tightest(all, 'upper', i)]
    asked.lower[i] = asked.upper[i] = from.value.nearest
    isPossible &&= !from.strict && !to.strict
  })
  return { lower, upper, asked, isPossible }
}

const tightest = (all: readonly Bounds[], end: 'lower' | 'upper', input: number): Bound =>
  all.flatMap((bounds) => bounds[end].get(input) ?? []).reduce((a, b) => (isTighter(b, a) ? b : a))

/** The float64 nearest to an end that is within it, as it is and as the decimal that it is written as. */
function inwards({ value, isLower, strict }: Bound): number {
  const step = isLower ? next : previous
  let end = isLower ? value.ceiling : value.floor
  if (strict && value.side === 0) end = step(end)
  const isWithin = () => {
    // of few digits, the nearest float64 is written as the value itself, and all others on their side of it
    if (value.isShort) return !strict || end !== value.nearest
    const difference = Rational.decimal(`${end}`)!.compare(value)
    return difference === 0 ? !strict : difference > 0 === isLower
  }
  while (Number.isFinite(end) && !isWithin()) end = step(end)
  return end
}

function requireRoom(numbers: number, name: string): void {
  if (numbers > MOST_NUMBERS) {
    throw badFile(`${name} has too many boxes or constraints for memory: split it into several files`)
  }
}
