/** Columns through a relaxed network, for random projections. Values lie [neuron][column]. */
import type { ColumnMedians, ColumnProduct, Columns, ErrorColumns, NeuronList } from '../device.ts'
import { sizeOf } from '../../model/layers.ts'
import type { Tape, Tensor } from '../tape.ts'
import type { Arena } from './arena.ts'
import { floatsOf } from './handles.ts'
import { ACCUMULATE, OVERWRITE, Passage, WEIGHT_GRADIENT } from './propagate.ts'
import type { ArenaTensor } from './tensor.ts'
import type { ArenaWindows } from './windows.ts'

export class ArenaColumns implements Columns {
  readonly #arena: Arena
  readonly #windows: ArenaWindows

  constructor(arena: Arena, windows: ArenaWindows) {
    this.#arena = arena
    this.#windows = windows
  }

  affine(
    tape: Tape | undefined,
    products: readonly ColumnProduct[],
    bias: Tensor,
    { targets, width }: { readonly targets: NeuronList; readonly width: number },
  ): ArenaTensor {
    const { output } = products[0].geometry
    const outside = { blocks: this.#windows.whole(output, width), active: targets }
    const y = this.#arena.tensor(sizeOf(output) * width)
    const area = output.height * output.width
    const wanted = targets.neurons()
    const passages = products.map(({ geometry, weight, input, active }, i) => {
      const inside = { blocks: this.#windows.whole(geometry.input, width), active }
      const passage = new Passage(this.#arena, geometry, outside, inside)
      passage.forwards(i === 0 ? OVERWRITE : ACCUMULATE, floatsOf(weight), y.pointer, floatsOf(input))
      return passage
    })
    const [values, biases] = [y.view(), bias.view()]
    for (const j of wanted) values[j * width] += biases[Math.floor(j / area)]
    tape?.record(() => {
      const dy = y.gradient
      products.forEach(({ weight, input, toInput }, i) => {
        if (toInput) passages[i].backwards(ACCUMULATE, floatsOf(weight), dy.pointer, floatsOf(input.gradient))
        passages[i].forwards(WEIGHT_GRADIENT, floatsOf(weight.gradient), dy.pointer, floatsOf(input))
      })
      const db = bias.gradient
      const [gradients, toBias] = [dy.view(), db.view()]
      for (const j of wanted) toBias[Math.floor(j / area)] += gradients[j * width]
    })
    return y
  }

  relu(
    tape: Tape | undefined,
    value: Tensor,
    { slope, gap }: { readonly slope: Tensor; readonly gap: Tensor },
    { width, first, count, errorOf }: ErrorColumns & { readonly errorOf: (neuron: number, column: number) => number },
  ): void {
    const unstable: number[] = []
    gap.view().forEach((l, j) => {
      if (l !== 0) unstable.push(j)
    })
    // the way back needs the errors again
    const errors = tape ? new Float32Array(unstable.length * count) : undefined
    const [values, slopes, gaps] = [value.view(), slope.view(), gap.view()]
    unstable.forEach((j, i) => {
      const [d, l] = [slopes[j], gaps[j]]
      const half = (-d * l) / 2
      const row = j * width
      for (let c = 0; c < width; c++) values[row + c] *= d
      values[row] += half
      for (let c = 0; c < count; c++) {
        const error = Math.fround(errorOf(j, c + 1))
        if (errors) errors[i * count + c] = error
        values[row + first + c] += half * error
      }
    })
    tape?.record(() => {
      const [dv, ds, dg] = [value, slope, gap].map(({ gradient }) => gradient) as [Tensor, Tensor, Tensor]
      const [gradients, toSlope, toGap] = [dv.view(), ds.view(), dg.view()]
      const [values, slopes, gaps] = [value.view(), slope.view(), gap.view()]
      unstable.forEach((j, i) => {
        const [d, l] = [slopes[j], gaps[j]]
        const row = j * width
        // of h, and Σ (d·z)·gradient: the values hold d·z + h and d·z + h·error
        let toHalf = gradients[row]
        for (let c = 0; c < count; c++) toHalf += gradients[row + first + c] * errors![i * count + c]
        let toScaled = 0
        for (let c = 0; c < width; c++) {
          toScaled += values[row + c] * gradients[row + c]
          gradients[row + c] *= d
        }
        toScaled -= ((-d * l) / 2) * toHalf
        toSlope[j] += toScaled / d - (l / 2) * toHalf
        toGap[j] -= (d / 2) * toHalf
      })
    })
  }

  medians(value: Tensor, neurons: readonly number[], { width, first, count }: ErrorColumns): ColumnMedians {
    const { length } = neurons
    const medians = this.#arena.floats(length)
    const places = this.#arena.integers(2 * length)
    this.#arena.kernels.medianMagnitudes(
      length,
      this.#arena.integersFrom(neurons),
      width,
      first,
      count,
      floatsOf(value),
      medians,
      places,
      this.#arena.floats(count),
    )
    return {
      medians: this.#arena.read(medians, length),
      places: this.#arena.i32.slice(places >> 2, (places >> 2) + 2 * length),
    }
  }
}
