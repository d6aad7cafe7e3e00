/**
 * Bounds over the reference adversarial space (Li et al. 2019, Sections 5.3 and 5.4).
 *
 * Problem: max c·f(x) over the x of the ball that the reference g might take for c's target, c·g(x) ≥ t.
 * Method: the dual in one multiplier η; η_med, the median of the positive transition points of its derivative, is made the
 * solution by choosing t = t₀. Substituting t₀ removes every term of g but its signs (the short form of Eqn. 11)
 *
 *   h = x·ν̂₁ + Σ radius_j sgn(ν̂_1j + η_med q̂_1j) ν̂_1j + Σ ν·b − Σ l[ν]₊
 *
 * with η and t₀ constants for the gradient. Over ℓ2 and ℓ1 balls multiplier.ts chooses η, whose subgradient then replaces
 * the signs. Sound over the reference space only: an objective for training, never a certificate. It is at most the ordinary dual bound, since h is convex in η and h(0) is the ordinary bound.
 */
import { type Example, exampleOf, inputTerm } from '../bounds/input-term.ts'
import type { CarriedRows } from '../bounds/dual-rows.ts'
import type { Relaxed } from '../bounds/dual.ts'
import { carryMargins, scatter } from '../bounds/margins.ts'
import type { Engine } from '../device/wasm/engine.ts'
import { at } from '../device/wasm/pointers.ts'
import { type Tape, Tensor } from '../device/tape.ts'
import { multiplierOf } from './multiplier.ts'

/** What the reference space looked like for the targets of one example. */
export interface SpaceStatistics {
  /** Σ t₀ over the targets. */
  readonly t: number
  /** Targets whose constraint at t = 0 is loose, tight, infeasible (Section 5.4). */
  readonly loose: number
  readonly tight: number
  readonly infeasible: number
}

/** Per row: η (η_med), t₀ and the ends [l, r] of the derivative's range at t = 0. */
export interface ReferenceSpace {
  readonly eta: Float32Array
  readonly t: Float32Array
  readonly lowest: Float32Array
  readonly highest: Float32Array
}

/**
 * Upper bounds of z_target − z_label of f over g's adversarial space: one number per target, 0 at the label.
 * @param f what is trained; gradients go back on `tape`
 * @param g the reference over the same chunk, relaxed without a tape
 * @throws RangeError if f and g normalise their inputs differently
 */
export function robustraMargins(
  f: Relaxed,
  tape: Tape | undefined,
  g: Relaxed,
  example: number,
): { readonly margins: Tensor; readonly space: ReferenceSpace; readonly statistics: SpaceStatistics } {
  const { engine, stages } = f.network
  if (JSON.stringify(f.network.normalisation) !== JSON.stringify(g.network.normalisation)) {
    throw new RangeError('a network and its reference must normalise their input alike')
  }
  const own = carryMargins(f, tape, example)
  const reference = carryMargins(g, undefined, example)
  const { upper, space } = closeOverReference(f, tape, own.carried, g, reference.carried, example)
  const margins = scatter(engine, tape, stages.at(-1)!.outputShape.channels, own.specification, { upper })
  const rows = [...own.specification.neurons.keys()].filter((row) => own.specification.neurons[row] >= 0)
  const count = (holds: (row: number) => boolean) => rows.filter(holds).length
  const statistics = {
    t: rows.reduce((sum, row) => sum + space.t[row], 0),
    loose: count((row) => space.lowest[row] >= 0),
    tight: count((row) => space.lowest[row] < 0 && space.highest[row] > 0),
    infeasible: count((row) => space.lowest[row] < 0 && space.highest[row] <= 0),
  }
  return { margins, space, statistics }
}

/** Closes a pass of f with the signs that the reference's coefficients give (the short form of h at η, t₀). */
function closeOverReference(
  f: Relaxed,
  tape: Tape | undefined,
  own: CarriedRows,
  g: Relaxed,
  reference: CarriedRows,
  example: number,
): { readonly upper: Tensor; readonly space: ReferenceSpace } {
  const { engine } = f.network
  const { rows, coefficients } = own
  const inputs = coefficients.length / rows
  const place = exampleOf(f.chunk, example)
  const { centre, radius, stride } = place
  const signs = Tensor.create(engine, coefficients.length)
  const eta = engine.floats(rows)
  const sums = engine.floats(4 * rows)
  const scratch = engine.floats(inputs)
  if (place.norm === 'linf') {
    engine.kernels.referenceSpace(
      inputs,
      rows,
      coefficients.pointer,
      reference.coefficients.pointer,
      radius,
      stride,
      eta,
      signs.pointer,
      sums,
      scratch,
    )
  } else solveRows(engine, place, place.norm, own, reference, { eta, signs: signs.pointer, sums })
  const ownCentre = inputTerm(engine, own, exampleOf(f.chunk, example)).centre
  const referenceCentre = inputTerm(engine, reference, exampleOf(g.chunk, example)).centre

  const upper = Tensor.create(engine, rows)
  const { f32 } = engine
  const sum = (row: number, ...tensors: Tensor[]) =>
    tensors.reduce((s, { pointer }) => s + f32[(pointer >> 2) + row], 0)
  const read = (i: number) => engine.read(at(sums, i * rows), rows)
  for (let row = 0; row < rows; row++) {
    f32[(upper.pointer >> 2) + row] = f32[(sums >> 2) + row] + sum(row, own.constant, own.upperGap, ownCentre)
  }
  // Eqn. 10: the derivative at t = 0 is radius·sgn·q̂ + C
  const plusConstant = (slope: number, row: number) =>
    slope + sum(row, reference.constant, reference.upperGap, referenceCentre)
  const space = {
    eta: engine.read(eta, rows),
    t: read(1).map(plusConstant),
    lowest: read(2).map(plusConstant),
    highest: read(3).map(plusConstant),
  }

  tape?.record(() => {
    const toUpper = upper.gradient(engine)
    for (const part of [own.constant, own.upperGap]) {
      const to = part.gradient(engine) >> 2
      engine.f32.copyWithin(to, toUpper >> 2, (toUpper >> 2) + rows)
    }
    engine.kernels.referenceSpaceAdjoint(
      inputs,
      rows,
      signs.pointer,
      centre,
      radius,
      stride,
      coefficients.gradient(engine),
      toUpper,
      toUpper,
    )
  })
  return { upper, space }
}

/** What the kernel `referenceSpace` does, for the other norms: s instead of the signs. @param to pointers */
function solveRows(
  { f32 }: Engine,
  { radius, stride }: Example,
  norm: 'l2' | 'l1',
  own: CarriedRows,
  reference: CarriedRows,
  to: { readonly eta: number; readonly signs: number; readonly sums: number },
): void {
  const { rows, coefficients } = own
  const inputs = coefficients.length / rows
  const [u, w] = [new Float64Array(inputs), new Float64Array(inputs)]
  const [ofOwn, ofReference, signs] = [coefficients.pointer >> 2, reference.coefficients.pointer >> 2, to.signs >> 2]
  for (let row = 0; row < rows; row++) {
    for (let j = 0, at = row; j < inputs; j++, at += rows) {
      const r = f32[(radius + j * stride) >> 2]
      u[j] = r * f32[ofOwn + at]
      w[j] = r * f32[ofReference + at]
    }
    const { eta, subgradient, lowest, highest } = multiplierOf(norm, u, w)
    let [alongOwn, alongReference] = [0, 0]
    for (let j = 0, at = row; j < inputs; j++, at += rows) {
      const s = subgradient[j]
      f32[signs + at] = s
      alongOwn += s * u[j]
      alongReference += s * w[j]
    }
    f32[(to.eta >> 2) + row] = eta
    const sums = [alongOwn, alongReference, lowest, highest]
    sums.forEach((sum, i) => (f32[(to.sums >> 2) + i * rows + row] = sum))
  }
}
