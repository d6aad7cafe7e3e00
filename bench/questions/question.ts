/** What a family of questions is made of, and how its properties are written. */
import type { Random } from '../../src/base/random.ts'

export interface BenchQuestion {
  readonly name: string
  /** Name of its network among the family's. */
  readonly network: string
  /** A VNN-LIB file. */
  readonly property: string
}

export interface Family {
  readonly name: string
  /** ONNX files by name. */
  readonly networks: ReadonlyMap<string, Uint8Array>
  readonly questions: readonly BenchQuestion[]
}

export interface Box {
  readonly lower: readonly number[]
  readonly upper: readonly number[]
}

export const boxAround = (centre: readonly number[], radius: readonly number[]): Box => ({
  lower: centre.map((c, i) => c - radius[i]),
  upper: centre.map((c, i) => c + radius[i]),
})

export const pointIn = ({ lower, upper }: Box, random: Random): number[] =>
  lower.map((l, i) => random.between(l, upper[i]))

/** As a decimal, which SMT-LIB knows without exponents. */
export const decimal = (value: number): string => value.toFixed(9)

/** A file over a box; what follows the box is the formula of unsafe outputs. */
export function vnnlib({ lower, upper }: Box, outputs: number, unsafe: string): string {
  return [
    ...declarations(lower.length, outputs),
    ...lower.map((l, i) => `(assert (>= X_${i} ${decimal(l)}))\n(assert (<= X_${i} ${decimal(upper[i])}))`),
    `(assert ${unsafe})\n`,
  ].join('\n')
}

export const declarations = (inputs: number, outputs: number): string[] => [
  ...Array.from({ length: inputs }, (_, i) => `(declare-const X_${i} Real)`),
  ...Array.from({ length: outputs }, (_, i) => `(declare-const Y_${i} Real)`),
]

/** Least and largest of a function over random points of a box, and its corners where they are few. */
export function sampledRange(box: Box, value: (x: number[]) => number, random: Random, count = 20_000) {
  let [least, most] = [Infinity, -Infinity]
  const take = (x: number[]) => {
    const y = value(x)
    least = Math.min(least, y)
    most = Math.max(most, y)
  }
  const { length } = box.lower
  for (let corner = 0; length <= 12 && corner < 2 ** length; corner++) {
    take(box.lower.map((l, i) => ((corner >> i) & 1 ? box.upper[i] : l)))
  }
  for (let i = 0; i < count; i++) take(pointIn(box, random))
  return { least, most }
}
