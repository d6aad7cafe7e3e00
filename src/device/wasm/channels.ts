/** Whole channels of a chunk's values, [channel][place][example], for batch normalisation. */
import type { Channels } from '../device.ts'
import type { Tensor } from '../tape.ts'
import type { Arena } from './arena.ts'
import { floatsOf } from './handles.ts'

export class ArenaChannels implements Channels {
  readonly #arena: Arena

  constructor(arena: Arena) {
    this.#arena = arena
  }

  sums(channels: number, x: Tensor, y: Tensor): { readonly sums: Float64Array; readonly products: Float64Array } {
    const results = this.#arena.doubles(2 * channels)
    this.#arena.kernels.channelSums(channels, y.length / channels, floatsOf(x), floatsOf(y), results)
    const of = (which: number) =>
      Float64Array.from({ length: channels }, (_, c) => this.#arena.f64[(results >> 3) + 2 * c + which])
    return { sums: of(0), products: of(1) }
  }

  scale(x: Tensor, y: Tensor, coefficients: readonly (readonly [number, number])[]): void {
    const { length } = coefficients
    const pairs = this.#arena.floatsFrom(coefficients.flat())
    this.#arena.kernels.scaleChannels(length, x.length / length, pairs, floatsOf(x), floatsOf(y))
  }

  scaleAdjoint(x: Tensor, y: Tensor, coefficients: readonly (readonly [number, number, number])[]): void {
    const { length } = coefficients
    const triples = this.#arena.floatsFrom(coefficients.flat())
    const [dx, dy] = [floatsOf(x.gradient), floatsOf(y.gradient)]
    this.#arena.kernels.scaleChannelsAdjoint(length, x.length / length, triples, floatsOf(x), dx, dy)
  }

  clearPadding(x: Tensor, columns: number, count: number): void {
    if (count === columns) return
    const values = x.view()
    for (let row = 0; row < values.length; row += columns) values.fill(0, row + count, row + columns)
  }
}
