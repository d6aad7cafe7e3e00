/** Rows of a dual pass, block by block: see assembly/rows.ts for what the kernels do. */
import type { Interval } from '../device.ts'
import type {
  Example,
  InputTerm,
  ReferenceRows,
  RowNeurons,
  RowSums,
  RowTarget,
  RowValues,
  RowWeights,
  Rows,
  RowsAtInput,
  Starts,
} from '../rows.ts'
import type { Tape, Tensor } from '../tape.ts'
import type { Arena } from './arena.ts'
import { type ArenaStarts, arenaGeometry, arenaStarts, blocksOf, floatsOf, listOf } from './handles.ts'
import { inputTerm } from './input-term.ts'
import { at, none } from './pointers.ts'
import { ACCUMULATE, OVERWRITE, Passage, WEIGHT_GRADIENT } from './propagate.ts'
import { referenceRows, referenceRowsAdjoint } from './reference-rows.ts'

export class ArenaRows implements Rows {
  readonly #arena: Arena

  constructor(arena: Arena) {
    this.#arena = arena
  }

  starts(positions: ArrayLike<number>, plus: ArrayLike<number>, minus: ArrayLike<number>): ArenaStarts {
    return {
      positions: this.#arena.integersFrom(positions),
      plus: this.#arena.integersFrom(plus),
      minus: this.#arena.integersFrom(minus),
      rows: plus.length,
    }
  }

  start(
    tape: Tape | undefined,
    { geometry, weight, starts }: RowWeights & { readonly starts: Starts },
    { blocks, value, active, isFirst }: RowTarget,
    sum?: { readonly bias: Tensor; readonly constant: Tensor },
  ): void {
    const { kernels } = this.#arena
    const { positions, plus, minus } = arenaStarts(starts)
    const place = [arenaGeometry(geometry).pointer, blocks.count, positions, blocksOf(blocks)] as const
    kernels.startRows(
      !isFirst,
      ...place,
      floatsOf(value),
      listOf(active),
      plus,
      minus,
      floatsOf(weight),
      sum ? floatsOf(sum.bias) : none,
      sum ? floatsOf(sum.constant) : none,
    )
    tape?.record(() =>
      kernels.startRowsAdjoint(
        ...place,
        floatsOf(value.gradient),
        listOf(active),
        plus,
        minus,
        floatsOf(weight.gradient),
        sum ? floatsOf(sum.bias.gradient) : none,
        sum ? floatsOf(sum.constant.gradient) : none,
      ),
    )
  }

  send(
    tape: Tape | undefined,
    { geometry, weight }: RowWeights,
    from: RowValues & { readonly isLast: boolean },
    to: RowTarget,
  ): void {
    const passage = new Passage(this.#arena, geometry, from, to)
    const operation = to.isFirst ? OVERWRITE : ACCUMULATE
    passage.backwards(operation, floatsOf(weight), floatsOf(from.value), floatsOf(to.value))
    tape?.record(() => {
      const [outside, inside] = [floatsOf(from.value.gradient), floatsOf(to.value.gradient)]
      // adjoints run in reverse: that of the last term is the first to write the gradient
      passage.forwards(from.isLast ? OVERWRITE : ACCUMULATE, floatsOf(weight), outside, inside)
      passage.backwards(WEIGHT_GRADIENT, floatsOf(weight.gradient), floatsOf(from.value), inside)
    })
  }

  relu(
    tape: Tape | undefined,
    { blocks, value, active }: RowValues,
    { bias, slope, gap, rounding }: RowNeurons,
    { constant, lowerGap, upperGap, error }: RowSums,
  ): void {
    const { kernels } = this.#arena
    const { channels, height, width } = blocks.shape
    const image = [channels, width, height * width, blocks.count, blocksOf(blocks)] as const
    kernels.reluRows(
      ...image,
      floatsOf(value),
      listOf(active),
      floatsOf(slope),
      floatsOf(gap),
      floatsOf(bias),
      rounding ? floatsOf(rounding) : none,
      floatsOf(constant),
      floatsOf(lowerGap),
      floatsOf(upperGap),
      floatsOf(error),
    )
    tape?.record(() =>
      kernels.reluRowsAdjoint(
        ...image,
        floatsOf(value),
        floatsOf(value.gradient),
        listOf(active),
        floatsOf(slope),
        floatsOf(gap),
        floatsOf(bias),
        floatsOf(slope.gradient),
        floatsOf(gap.gradient),
        floatsOf(bias.gradient),
        floatsOf(constant.gradient),
        floatsOf(lowerGap.gradient),
        floatsOf(upperGap.gradient),
      ),
    )
  }

  input(tape: Tape | undefined, rows: RowsAtInput, example: Example): InputTerm {
    return inputTerm(this.#arena, tape, rows, example)
  }

  relaxation(
    tape: Tape | undefined,
    { lower, upper }: Interval,
    { columns, example }: { readonly columns: number; readonly example: number },
  ): { readonly slope: Tensor; readonly gap: Tensor } {
    const { kernels } = this.#arena
    const neurons = lower.length / columns
    const stride = columns * 4
    const [slope, gap] = [this.#arena.tensor(neurons), this.#arena.tensor(neurons)]
    const [l, u] = [at(floatsOf(lower), example), at(floatsOf(upper), example)]
    kernels.relaxation(neurons, l, u, stride, slope.pointer, gap.pointer)
    tape?.record(() =>
      kernels.relaxationAdjoint(
        neurons,
        l,
        u,
        at(floatsOf(lower.gradient), example),
        at(floatsOf(upper.gradient), example),
        stride,
        slope.gradient.pointer,
        gap.gradient.pointer,
      ),
    )
    return { slope, gap }
  }

  reference(own: RowsAtInput, reference: RowsAtInput, example: Example): ReferenceRows {
    return referenceRows(this.#arena, own, reference, example)
  }

  referenceAdjoint(own: RowsAtInput, signs: Tensor, example: Example, upper: Tensor): void {
    referenceRowsAdjoint(this.#arena, own, { signs, example }, upper)
  }
}
