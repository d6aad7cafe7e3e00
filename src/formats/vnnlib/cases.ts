/**
 * Formulas as cases: an or of ands (disjunctive normal form), every case a box of inputs with constraints on outputs.
 * Cases that can never hold, for their box is empty, are dropped as soon as they arise.
 */
import { UserError } from '../../errors.ts'
import type { Formula } from './formula.ts'

export type LinearFormula = Extract<Formula, { readonly kind: 'linear' }>

/** Ends of a box where something was said about them; shared between cases, so never changed once made. */
export interface Bounds {
  readonly lower: ReadonlyMap<number, number>
  readonly upper: ReadonlyMap<number, number>
}

export interface Case {
  readonly bounds: Bounds
  /** All must hold. */
  readonly constraints: readonly LinearFormula[]
}

const MOST_CASES = 100_000
/** Comparisons that may be copied on the way, which bounds time and memory. */
const MOST_COPIES = 10_000_000

const anywhere: Bounds = { lower: new Map(), upper: new Map() }

/** One use per file: it counts what the file costs. */
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
    const { bounds, constraints, choices } = conjuncts(formula)
    this.copied(bounds.lower.size + bounds.upper.size + constraints.length)
    let product: readonly Case[] = isEmpty(bounds, within) ? [] : [{ bounds, constraints }]
    for (const choice of choices) {
      if (product.length > 0) product = this.#product(product, this.cases(choice, within), within)
    }
    return product
  }

  /** Counts copies, and stops before they are too many. */
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
    new UserError(`${this.#name} is more than ${count} if written as an or of ands: split it into several files`)
}

const sizeOf = ({ bounds, constraints }: Case) => bounds.lower.size + bounds.upper.size + constraints.length

/** What holds at once: its bounds, its constraints, and the ors among it. */
export function conjuncts(formula: Formula): Case & { readonly choices: readonly Formula[] } {
  const [lower, upper] = [new Map<number, number>(), new Map<number, number>()]
  const constraints: LinearFormula[] = []
  const choices: Formula[] = []
  const visit = (part: Formula) => {
    if (part.kind === 'and') part.parts.forEach(visit)
    else if (part.kind === 'or') choices.push(part)
    else if (part.kind === 'linear') constraints.push(part)
    else if (part.isLower) lower.set(part.input, Math.max(part.value, lower.get(part.input) ?? -Infinity))
    else upper.set(part.input, Math.min(part.value, upper.get(part.input) ?? Infinity))
  }
  visit(formula)
  return { bounds: lower.size + upper.size === 0 ? anywhere : { lower, upper }, constraints, choices }
}

function intersection(a: Bounds, b: Bounds): Bounds {
  if (b === anywhere) return a
  if (a === anywhere) return b
  const [lower, upper] = [new Map(a.lower), new Map(a.upper)]
  for (const [input, value] of b.lower) lower.set(input, Math.max(value, lower.get(input) ?? -Infinity))
  for (const [input, value] of b.upper) upper.set(input, Math.min(value, upper.get(input) ?? Infinity))
  return { lower, upper }
}

/** Whether no input lies in both. */
function isEmpty(bounds: Bounds, within: Bounds): boolean {
  for (const [input, value] of bounds.lower) {
    if (value > Math.min(bounds.upper.get(input) ?? Infinity, within.upper.get(input) ?? Infinity)) return true
  }
  for (const [input, value] of bounds.upper) {
    if (value < (within.lower.get(input) ?? -Infinity)) return true
  }
  return false
}
