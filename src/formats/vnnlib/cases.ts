/**
 * Formulas as cases: an or of ands (disjunctive normal form), every case a box of inputs with constraints on outputs.
 * Cases that can never hold, for their box is empty, are dropped as soon as they arise: 1 < x < 1 is.
 */
import { badFile } from '../../base/errors.ts'
import type { Bound, Comparison, Formula } from './formula.ts'

/** The ends of a box that the file gives. Cases share them, so they never change. */
export interface Bounds {
  readonly lower: ReadonlyMap<number, Bound>
  readonly upper: ReadonlyMap<number, Bound>
}

export interface Case {
  readonly bounds: Bounds
  /** All must hold. */
  readonly constraints: readonly Comparison[]
}

const MOST_CASES = 100_000
/** How many comparisons may be copied, which bounds time and memory. */
const MOST_COPIES = 10_000_000

const anywhere: Bounds = { lower: new Map(), upper: new Map() }

/** Use one per file: it counts what the file costs. */
export class CaseMaker {
  readonly #name: string
  #copies = 0

  /** @param name of the file, for messages */
  constructor(name: string) {
    this.#name = name
  }

  /**
   * @param within bounds that hold in every case: only what is empty within them too is dropped, and they are not
   *   part of the cases
   * @throws UserError if it would be too many cases
   */
  cases(formula: Formula, within: Bounds): readonly Case[] {
    if (formula.kind === 'or') return this.#limited(formula.parts.flatMap((part) => this.cases(part, within)))
    const { bounds, constraints, choices } = this.conjuncts(formula)
    let product: readonly Case[] = isEmpty(bounds, within) ? [] : [{ bounds, constraints }]
    for (const choice of choices) {
      if (product.length > 0) product = this.#product(product, this.cases(choice, within), within)
    }
    return product
  }

  /** Everything that holds at once: bounds, constraints and ors. */
  conjuncts(formula: Formula): Case & { readonly choices: readonly Formula[] } {
    const [lower, upper] = [new Map<number, Bound>(), new Map<number, Bound>()]
    const constraints: Comparison[] = []
    const choices: Formula[] = []
    const visit = (part: Formula) => {
      // a part that has a name may be there many times
      this.copied(1)
      if (part.kind === 'and') part.parts.forEach(visit)
      else if (part.kind === 'or') choices.push(part)
      else if (part.kind === 'comparison') constraints.push(part)
      else tighten(part.isLower ? lower : upper, part)
    }
    visit(formula)
    return { bounds: lower.size + upper.size === 0 ? anywhere : { lower, upper }, constraints, choices }
  }

  /** Counts copies, and stops before there are too many. */
  copied(count: number): void {
    this.#copies += count
    if (this.#copies > MOST_COPIES) throw this.#tooMany(`${MOST_COPIES} comparisons`)
  }

  #product(left: readonly Case[], right: readonly Case[], within: Bounds): readonly Case[] {
    const product: Case[] = []
    for (const a of left) {
      for (const b of right) {
        this.copied(1 + sizeOf(a) + sizeOf(b))
        const bounds = intersection(a.bounds, b.bounds)
        if (isEmpty(bounds, within)) continue
        product.push({ bounds, constraints: [...a.constraints, ...b.constraints] })
        this.#limited(product)
      }
    }
    return product
  }

  #limited(cases: readonly Case[]): readonly Case[] {
    if (cases.length > MOST_CASES) throw this.#tooMany(`${MOST_CASES} cases`)
    return cases
  }

  #tooMany = (count: string) =>
    badFile(`${this.#name} is more than ${count} if written as an or of ands: split it into several files`)
}

const sizeOf = ({ bounds, constraints }: Case) => bounds.lower.size + bounds.upper.size + constraints.length

/** Whether a bound is tighter than another one of the same end. */
export function isTighter(bound: Bound, than: Bound | undefined): boolean {
  if (!than) return true
  const difference = bound.isLower ? bound.value.compare(than.value) : than.value.compare(bound.value)
  return difference === 0 ? bound.strict && !than.strict : difference > 0
}

function tighten(ends: Map<number, Bound>, bound: Bound): void {
  if (isTighter(bound, ends.get(bound.input))) ends.set(bound.input, bound)
}

function intersection(a: Bounds, b: Bounds): Bounds {
  if (b === anywhere) return a
  if (a === anywhere) return b
  const [lower, upper] = [new Map(a.lower), new Map(a.upper)]
  for (const bound of b.lower.values()) tighten(lower, bound)
  for (const bound of b.upper.values()) tighten(upper, bound)
  return { lower, upper }
}

/** Whether no number lies between them. */
function exclude(lower: Bound | undefined, upper: Bound | undefined): boolean {
  if (!lower || !upper) return false
  const difference = lower.value.compare(upper.value)
  return difference > 0 || (difference === 0 && (lower.strict || upper.strict))
}

/** Whether no input lies in both. */
export function isEmpty(bounds: Bounds, within: Bounds = anywhere): boolean {
  for (const [input, lower] of bounds.lower) {
    if (exclude(lower, bounds.upper.get(input)) || exclude(lower, within.upper.get(input))) return true
  }
  for (const [input, upper] of bounds.upper) if (exclude(within.lower.get(input), upper)) return true
  return false
}
