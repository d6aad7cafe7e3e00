/** The kernel `propagate`: rows or examples through one affine layer, and the gradient of its weights. */
import type { Geometry, NeuronList } from '../device.ts'
import type { Blocks } from '../rows.ts'
import type { Arena } from './arena.ts'
import { arenaGeometry, blocksOf, listOf } from './handles.ts'
import type { Floats } from './pointers.ts'

/** Operations: value = W·value, the same added to what is there, and dW += one side × the other. */
export const OVERWRITE = 0
export const ACCUMULATE = 1
export const WEIGHT_GRADIENT = 2

/** Values on one side of a layer: which neurons take part, in blocks. */
export interface Side {
  readonly blocks: Blocks
  readonly active: NeuronList
}

/** Passes through a layer between the same neurons. */
export class Passage {
  readonly #arena: Arena
  readonly #geometry: Geometry
  readonly #outside: Side
  readonly #inside: Side

  constructor(arena: Arena, geometry: Geometry, outside: Side, inside: Side) {
    this.#arena = arena
    this.#geometry = geometry
    this.#outside = outside
    this.#inside = inside
  }

  /** From the inputs to the outputs. */
  forwards(operation: number, weights: Floats, outputs: Floats, inputs: Floats): void {
    this.#run(false, operation, { weights, outputs, inputs })
  }

  /** From the outputs to the inputs. */
  backwards(operation: number, weights: Floats, outputs: Floats, inputs: Floats): void {
    this.#run(true, operation, { weights, outputs, inputs })
  }

  #run(
    transposed: boolean,
    operation: number,
    { weights, outputs, inputs }: { weights: Floats; outputs: Floats; inputs: Floats },
  ): void {
    const { pointer, scratch } = arenaGeometry(this.#geometry)
    const { blocks, active } = this.#outside
    this.#arena.kernels.propagate(
      operation,
      transposed,
      pointer,
      blocks.count,
      blocksOf(blocks),
      outputs,
      listOf(active),
      blocksOf(this.#inside.blocks),
      inputs,
      listOf(this.#inside.active),
      weights,
      scratch,
    )
  }
}
