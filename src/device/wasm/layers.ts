/**
 * Layers on a chunk of examples: values lie [neuron][example]. What is off in every example, or has no gradient in any, is
 * left out of the products.
 */
import type { Layers, Product } from '../device.ts'
import { sizeOf } from '../../model/layers.ts'
import type { Tape, Tensor } from '../tape.ts'
import type { Arena } from './arena.ts'
import { activeNeurons } from './geometry.ts'
import { floatsOf } from './handles.ts'
import { ACCUMULATE, OVERWRITE, Passage, WEIGHT_GRADIENT } from './propagate.ts'
import type { ArenaTensor } from './tensor.ts'
import type { ArenaWindows } from './windows.ts'

export class ArenaLayers implements Layers {
  readonly #arena: Arena
  readonly #windows: ArenaWindows

  constructor(arena: Arena, windows: ArenaWindows) {
    this.#arena = arena
    this.#windows = windows
  }

  affine(tape: Tape | undefined, products: readonly Product[], columns: number, bias?: Tensor): ArenaTensor {
    const { kernels } = this.#arena
    const { output, allOutputs } = products[0].geometry
    const out = this.#windows.whole(output, columns)
    const y = this.#arena.tensor(sizeOf(output) * columns)
    const width = output.height * output.width * columns
    if (bias) kernels.fillBias(output.channels, width, floatsOf(bias), y.pointer)
    const sides = products.map(({ geometry, weight, input }, i) => {
      const inside = this.#windows.whole(geometry.input, columns)
      const { support } = input
      const active = support
        ? activeNeurons(this.#arena, geometry.input, floatsOf(support), columns)
        : geometry.allInputs
      const side = { blocks: inside, active }
      new Passage(this.#arena, geometry, { blocks: out, active: allOutputs }, side).forwards(
        bias || i > 0 ? ACCUMULATE : OVERWRITE,
        floatsOf(weight),
        y.pointer,
        floatsOf(input),
      )
      return side
    })
    tape?.record(() => {
      const dy = y.gradient
      // often nothing comes back to an interval step whose neurons the dual passes have settled
      if (isZero(dy.view())) return
      const reached = { blocks: out, active: activeNeurons(this.#arena, output, dy.pointer, columns) }
      products.forEach(({ geometry, weight, input, toInput, toWeight }, i) => {
        const passage = new Passage(this.#arena, geometry, reached, sides[i])
        if (toInput) passage.backwards(ACCUMULATE, floatsOf(weight), dy.pointer, floatsOf(input.gradient))
        if (toWeight) passage.forwards(WEIGHT_GRADIENT, floatsOf(weight.gradient), dy.pointer, floatsOf(input))
      })
      if (bias && products.some(({ toWeight }) => toWeight)) {
        kernels.biasGradient(output.channels, width, floatsOf(bias.gradient), dy.pointer)
      }
    })
    return y
  }

  relu(tape: Tape | undefined, x: Tensor): ArenaTensor {
    const { kernels } = this.#arena
    const y = this.#arena.tensor(x.length)
    y.support = y
    kernels.relu(x.length, floatsOf(x), y.pointer)
    tape?.record(() => kernels.reluAdjoint(x.length, floatsOf(x), floatsOf(x.gradient), y.gradient.pointer))
    return y
  }

  gate(tape: Tape | undefined, x: Tensor, change: Tensor): ArenaTensor {
    const { kernels } = this.#arena
    const y = this.#arena.zeroTensor(change.length)
    kernels.reluAdjoint(change.length, floatsOf(x), y.pointer, floatsOf(change))
    tape?.record(() => kernels.reluAdjoint(change.length, floatsOf(x), floatsOf(change.gradient), y.gradient.pointer))
    return y
  }

  absolute(x: Tensor, to: Tensor): void {
    this.#arena.kernels.absolute(x.length, floatsOf(x), floatsOf(to))
  }

  absoluteAdjoint(x: Tensor, to: Tensor): void {
    this.#arena.kernels.absoluteAdjoint(x.length, floatsOf(x), floatsOf(x.gradient), floatsOf(to.gradient))
  }
}

function isZero(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (values[i] !== 0) return false
  return true
}
