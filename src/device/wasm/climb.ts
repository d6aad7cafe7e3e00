/** Steps of gradient attacks on a chunk, [input][example]. */
import type { CentredBox, Climb, Interval } from '../device.ts'
import type { Tensor } from '../tape.ts'
import type { Arena } from './arena.ts'
import { floatsOf } from './handles.ts'
import { type Floats, at } from './pointers.ts'

export class ArenaClimb implements Climb {
  readonly #arena: Arena

  constructor(arena: Arena) {
    this.#arena = arena
  }

  boxEnds(
    { centre, radius }: CentredBox,
    { lower, upper }: Interval,
    { first, count, low, high }: { first: number; count: number; low: number; high: number },
  ): void {
    const part = (tensor: Tensor) => at(floatsOf(tensor), first)
    this.#arena.kernels.boxEnds(count, part(centre), part(radius), low, high, part(lower), part(upper))
  }

  step(x: Tensor, radius: Tensor, step: number, { lower, upper }: Interval): void {
    const [to, gradient, size] = [x, x.gradient, radius].map(floatsOf) as [Floats, Floats, Floats]
    this.#arena.kernels.climbBox(x.length, to, gradient, size, step, floatsOf(lower), floatsOf(upper))
  }

  keep(isWanted: readonly boolean[], columns: number, from: Tensor, to: Tensor): void {
    const masks = new Int32Array(columns)
    isWanted.forEach((wanted, e) => (masks[e] = wanted ? -1 : 0))
    const pointer = this.#arena.integersFrom(masks)
    this.#arena.kernels.copyColumns(from.length, columns, pointer, floatsOf(from), floatsOf(to))
  }
}
