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
import { exampleOf } from '../bounds/input-term.ts'
import type { CarriedRows } from '../bounds/dual-rows.ts'
import type { Relaxed } from '../bounds/dual.ts'
import { carryMargins, scatter } from '../bounds/margins.ts'
import type { Example, ReferenceRows, RowDevice } from '../device/rows.ts'
import { type Tape, type Tensor, makeGradients } from '../device/tape.ts'
import { multiplierOf } from './multiplier.ts'
import type { RoundNorm } from '../region/norm.ts'

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
  const { device, stages } = f.network
  if (JSON.stringify(f.network.normalisation) !== JSON.stringify(g.network.normalisation)) {
    throw new RangeError('a network and its reference must normalise their input alike')
  }
  const own = carryMargins(f, tape, example)
  const reference = carryMargins(g, undefined, example)
  const { upper, space } = closeOverReference(f, tape, own.carried, {
    rows: reference.carried,
    place: exampleOf(g.chunk, example),
    example,
  })
  const margins = scatter(
    device,
    tape,
    { upper },
    { specification: own.specification, classes: stages.at(-1)!.outputShape.channels },
  )
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
  { rows: reference, place: referencePlace, example }: { rows: CarriedRows; place: Example; example: number },
): { readonly upper: Tensor; readonly space: ReferenceSpace } {
  const { device } = f.network
  const { rows } = own
  const place = exampleOf(f.chunk, example)
  const { eta, signs, sums } =
    place.norm === 'linf'
      ? device.rows.reference(own, reference, place)
      : solveRows(device, place.norm, { own, reference, place })
  const ownCentre = device.rows.input(undefined, own, place).centre
  const referenceCentre = device.rows.input(undefined, reference, referencePlace).centre

  const upper = device.tensor(rows)
  const sum = (row: number, ...tensors: Tensor[]) => tensors.reduce((s, tensor) => s + tensor.view()[row], 0)
  const of = (which: number) => sums.part(which * rows, rows).read()
  const bounds = upper.view()
  of(0).forEach((along, row) => {
    bounds[row] = along + sum(row, own.constant, own.upperGap, ownCentre)
  })
  // Eqn. 10: the derivative at t = 0 is radius·sgn·q̂ + C
  const plusConstant = (slope: number, row: number) =>
    slope + sum(row, reference.constant, reference.upperGap, referenceCentre)
  const space = {
    eta: eta.read(),
    t: of(1).map(plusConstant),
    lowest: of(2).map(plusConstant),
    highest: of(3).map(plusConstant),
  }

  tape?.record(() => {
    const [toUpper, ...parts] = makeGradients(upper, own.constant, own.upperGap)
    for (const part of parts) part.view().set(toUpper.view())
    device.rows.referenceAdjoint(own, signs, place, upper)
  })
  return { upper, space }
}

/** What `device.rows.reference` does, for the other norms: s instead of the signs. */
function solveRows(
  device: RowDevice,
  norm: RoundNorm,
  { own, reference, place }: { own: CarriedRows; reference: CarriedRows; place: Example },
): ReferenceRows {
  const { rows, coefficients } = own
  const { ball, columns, example } = place
  const inputs = coefficients.length / rows
  const [signs, eta, sums] = [device.tensor(coefficients.length), device.tensor(rows), device.tensor(4 * rows)]
  const [s, etas, four] = [signs.view(), eta.view(), sums.view()]
  const [nu, q, radii] = [coefficients.view(), reference.coefficients.view(), ball.radius.view()]
  const [u, w] = [new Float64Array(inputs), new Float64Array(inputs)]
  for (let row = 0; row < rows; row++) {
    for (let j = 0, at = row; j < inputs; j++, at += rows) {
      const r = radii[j * columns + example]
      u[j] = r * nu[at]
      w[j] = r * q[at]
    }
    const solved = multiplierOf(norm, u, w)
    let [alongOwn, alongReference] = [0, 0]
    for (let j = 0, at = row; j < inputs; j++, at += rows) {
      const along = solved.subgradient[j]
      s[at] = along
      alongOwn += along * u[j]
      alongReference += along * w[j]
    }
    etas[row] = solved.eta
    const all = [alongOwn, alongReference, solved.lowest, solved.highest]
    all.forEach((sum, i) => (four[i * rows + row] = sum))
  }
  return { eta, signs, sums }
}
