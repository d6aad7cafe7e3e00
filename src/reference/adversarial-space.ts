/**
 * The reference adversarial space of one example and one target, relaxed (Robustra, Eqns. 1, 5 and 6): the inputs x of the
 * ball at which the reference g reaches cᵀg(x) ≥ t, c = e_target − e_label; and the dual passes of f and g over it, which
 * are all that its bounds need to know of the two networks.
 *
 * Words for the paper's letters: f's coefficients of the input are ν̂₁, g's are q̂₁. The radius may differ from input to
 * input; the paper's ε is the uniform case.
 */
import type { Network } from '../model/network.ts'
import { type BoundsOf, referenceDualBounds } from './bounds.ts'
import { type DualPass, referenceDualPass } from './dual-pass.ts'
import { type InputBall, normalised } from './input-ball.ts'
import { marginSpecification } from './margins.ts'
import { referenceStages } from './stages.ts'

/** All that the bound of one target needs to know of f, g and the ball. */
export interface AdversarialSpace {
  readonly f: DualPass
  readonly g: DualPass
  /** Normalised, as the coefficients are. */
  readonly ball: InputBall
}

/** Two networks that take the same images, and what is asked of them. */
export interface SpaceQuestion {
  readonly f: Network
  readonly g: Network
  readonly label: number
  readonly target: number
  /** In pixel units. */
  readonly ball: InputBall
  /** The bounds that the slopes come from; the paper's if left out. */
  readonly boundsOf?: BoundsOf
}

/** @throws RangeError if f and g do not normalise their input alike */
export function referenceAdversarialSpace(question: SpaceQuestion): AdversarialSpace {
  const { f, g, label, target, boundsOf = referenceDualBounds } = question
  const ball = normalised(f.architecture, question.ball)
  const ofG = normalised(g.architecture, question.ball)
  if (ball.centre.some((x, j) => x !== ofG.centre[j]) || ball.radius.some((r, j) => r !== ofG.radius[j])) {
    throw new RangeError('f and g must normalise their input alike')
  }
  const pass = (network: Network) => {
    const stages = referenceStages(network)
    const coefficients = marginSpecification(stages, target, label)
    const specification = { coefficients, stage: stages.length - 1, bounds: boundsOf(network, question.ball) }
    return referenceDualPass(network, specification, question.ball)
  }
  return { f: pass(f), g: pass(g), ball }
}
