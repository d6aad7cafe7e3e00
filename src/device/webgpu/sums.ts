/**
 * A sum of products with weights, and how gradients go back through it: to what was read by the products in the other
 * direction, to the weights by products over rows.
 */
import type { Tape } from '../tape.ts'
import { type Extents, inputsOf, outputsOf, weightsOf } from './extents.ts'
import { gather } from './gather.ts'
import type { Direction, Gather } from './gather-text.ts'
import type { Plan } from './plan.ts'
import type { Values } from './values.ts'
import { weightGradient } from './weight-gradient.ts'

/** One product of a sum: packed weights times what they read. */
export interface Product {
  readonly extents: Extents
  readonly weight: Values
  /** [channel][y][x][row], on that side of the layer where the products begin. */
  readonly input: Values
}

export interface SumOfProducts extends Pick<Gather, 'name' | 'direction' | 'rows' | 'halves' | 'bias' | 'relu'> {
  readonly products: readonly Product[]
}

/**
 * Σ W·x + b, or Σ Wᵀ·x, and a ReLU behind it or not.
 * @throws RangeError if values do not have the lengths that the extents say
 */
export function sumOfProducts(plan: Plan, tape: Tape | undefined, work: SumOfProducts): Values {
  requireLengths(work)
  const { name, direction, products, rows, halves, bias, relu } = work
  const ends = { forward: outputsOf, transposed: inputsOf } as const
  const inputs = [...products.flatMap(({ weight, input }) => [weight, input]), ...(bias ? [bias.values] : [])]
  const wantsGradient = tape !== undefined && inputs.some((values) => values.wantsGradient)
  const y = plan.values(name, halves * ends[direction](products[0].extents) * rows, wantsGradient)
  const into = { values: y, accumulate: false }
  gather(plan, { name, direction, terms: products, into, rows, halves, bias, relu })
  if (!wantsGradient) return y
  tape.record(() => {
    const dy = y.gradient
    if (!dy) return
    const positive = relu ? y : undefined
    const back: Record<Direction, Direction> = { forward: 'transposed', transposed: 'forward' }
    for (const input of new Set(products.map((product) => product.input))) {
      if (!input.wantsGradient) continue
      const terms = products
        .filter((product) => product.input === input)
        .map(({ extents, weight }) => ({ extents, weight, input: dy, positive }))
      const into = input.intoGradient()
      gather(plan, { name: `${name}, back`, direction: back[direction], terms, into, rows, halves, relu: false })
    }
    let biasLeft = bias?.values.wantsGradient ? bias : undefined
    for (const { extents, weight, input } of products) {
      if (!weight.wantsGradient) continue
      const sides = direction === 'forward' ? { outputs: dy, inputs: input } : { outputs: input, inputs: dy }
      weightGradient(plan, { name, extents, weight, ...sides, positive, rows, halves, bias: biasLeft })
      biasLeft = undefined
    }
    if (biasLeft) throw new RangeError(`${name} has biases that are trained, but no such weights`)
  })
  return y
}

function requireLengths({ name, direction, products, rows, halves }: SumOfProducts): void {
  if (rows % 4 !== 0) throw new RangeError(`${name}: ${rows} rows are no multiple of 4`)
  for (const { extents, weight, input } of products) {
    const read = halves * rows * (direction === 'forward' ? inputsOf(extents) : outputsOf(extents))
    if (input.length !== read) throw new RangeError(`${name} reads ${read} values, and gets ${input.length}`)
    const weights = weightsOf(extents)
    if (weight.length !== weights) throw new RangeError(`${name} has ${weights} weights, and gets ${weight.length}`)
  }
}
