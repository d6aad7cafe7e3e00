/** Operators that are neither linear nor made of ReLUs. On constants they are computed; on values they are noted and refused. */
import { badFile } from '../../base/errors.ts'
import type { Call, Operator } from './call.ts'
import type { NodeProto } from './schema.ts'
import { elementsOf } from './shape.ts'
import { type Operand, type Refused, type Step, type Value, isConstant } from './steps.ts'

/**
 * A value that cannot be had. The network is read to its end all the same, so that one message names all such.
 * @param operator what it is, where the operator's name does not say it
 */
export function refusedValue(
  call: Call,
  shape: readonly number[],
  operands: readonly Operand[],
  { operator = call.node.opType, ...more }: Partial<Pick<Refused, 'operator' | 'ending' | 'comparison'>> = {},
): Value {
  const values = operands.flatMap((operand) => (isConstant(operand) ? [] : [operand.id]))
  const node = nameOf(call.node)
  const step = { kind: 'refused', label: call.label, size: elementsOf(shape), values, operator, node, ...more } as const
  return call.steps.add(step, shape, 0)
}

const STEP = 2 ** -20

/** An operator that is neither linear nor made of linear pieces. */
export const curved =
  (compute: (x: number) => number): Operator =>
  (call) => {
    const operand = call.operand(0)
    if (!isConstant(operand)) return refusedValue(call, operand.shape, [operand])
    const like = { ...operand, data: new Float64Array() }
    let slope = 0
    const element = (i: number) => {
      const x = operand.data[i]
      const y = compute(x)
      // how far the function may move for a relative step: what was rounded before counts so often
      if (call.inputError > 0 && y !== 0) {
        slope = Math.max(slope, Math.abs(compute(x * (1 + STEP)) - y) / Math.abs(y) / STEP)
      }
      return y
    }
    return call.make(operand.shape, like, element, () => 4 + 2 * call.inputError * slope)
  }

/** What is refused, by operator, with the names of nodes. */
export class Refusals {
  readonly #nodes = new Map<string, Set<string>>()

  add(operator: string, node: string): void {
    const names = this.#nodes.get(operator) ?? new Set()
    this.#nodes.set(operator, names.add(`'${node}'`))
  }

  addStep(step: Step): void {
    if (step.kind === 'refused') this.add(step.operator, step.node)
  }

  /** @throws UserError that names all, if there are any */
  check(): void {
    if (this.#nodes.size === 0) return
    const found = [...this.#nodes].map(([operator, names]) => {
      const more = names.size > 20 ? ` and ${names.size - 20} more` : ''
      return `${operator} (${[...names].slice(0, 20).join(', ')}${more})`
    })
    throw badFile(`these operators are not supported: ${found.join(', ')}`)
  }
}

export const nameOf = ({ name, output }: NodeProto): string => name || (output[0] ?? '')
