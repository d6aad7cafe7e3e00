/** Interval steps between layers. */
import type { CentredBox, Interval, Intervals } from '../device.ts'
import type { Tape, Tensor } from '../tape.ts'
import type { Arena } from './arena.ts'
import { floatsOf } from './handles.ts'
import { none } from './pointers.ts'

export class ArenaIntervals implements Intervals {
  readonly #arena: Arena

  constructor(arena: Arena) {
    this.#arena = arena
  }

  ends(
    tape: Tape | undefined,
    { centre, radius }: CentredBox,
    widening?: { readonly factor: number; readonly magnitude: Tensor },
  ): Interval {
    const { kernels } = this.#arena
    const n = centre.length
    const [lower, upper] = [this.#arena.tensor(n), this.#arena.tensor(n)]
    kernels.intervalEnds(
      n,
      floatsOf(centre),
      floatsOf(radius),
      lower.pointer,
      upper.pointer,
      widening ? floatsOf(widening.magnitude) : none,
      widening?.factor ?? 0,
    )
    tape?.record(() =>
      kernels.intervalEndsAdjoint(
        n,
        lower.gradient.pointer,
        upper.gradient.pointer,
        floatsOf(centre.gradient),
        floatsOf(radius.gradient),
      ),
    )
    return { lower, upper }
  }

  relu(tape: Tape | undefined, { lower, upper }: Interval): CentredBox {
    const { kernels } = this.#arena
    const n = lower.length
    const [centre, radius] = [this.#arena.tensor(n), this.#arena.tensor(n)]
    // the centre is zero where the upper end is not positive, and only there
    centre.support = centre
    radius.support = centre
    kernels.reluInterval(n, floatsOf(lower), floatsOf(upper), centre.pointer, radius.pointer)
    tape?.record(() =>
      kernels.reluIntervalAdjoint(
        n,
        floatsOf(lower),
        floatsOf(upper),
        floatsOf(lower.gradient),
        floatsOf(upper.gradient),
        centre.gradient.pointer,
        radius.gradient.pointer,
      ),
    )
    return { centre, radius }
  }

  centred(tape: Tape | undefined, { lower, upper }: Interval): CentredBox {
    const n = lower.length
    const [centre, radius] = [this.#arena.tensor(n), this.#arena.tensor(n)]
    const [l, u, c, r] = [lower, upper, centre, radius].map((tensor) => tensor.view()) as Four
    for (let i = 0; i < n; i++) {
      c[i] = (l[i] + u[i]) / 2
      r[i] = (u[i] - l[i]) / 2
    }
    tape?.record(() => {
      const gradients = [lower, upper, centre, radius].map(({ gradient }) => gradient)
      const [dl, du, dc, dr] = gradients.map((tensor) => tensor.view()) as Four
      for (let i = 0; i < n; i++) {
        dl[i] += (dc[i] - dr[i]) / 2
        du[i] += (dc[i] + dr[i]) / 2
      }
    })
    return { centre, radius }
  }

  largest({ centre, radius }: CentredBox): Tensor {
    const { kernels } = this.#arena
    const sum = this.#arena.tensor(centre.length)
    kernels.absolute(centre.length, floatsOf(centre), sum.pointer)
    kernels.addTo(centre.length, floatsOf(radius), sum.pointer)
    return sum
  }
}

type Four = [Float32Array, Float32Array, Float32Array, Float32Array]
