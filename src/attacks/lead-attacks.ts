/**
 * Leads the dialogues of attacks with a network: asks about the points of several images at once, and as soon as one is
 * done, the next takes its place. An image is done when a point of its ball fools the network in float64, too, or when
 * its attacks have come to their ends; then the point of smallest margin is tried.
 * Sound: yes. What comes of an image depends on nothing but the image, its attacks and their seed.
 */
import { Random } from '../base/random.ts'
import { sizeOf, type Shape } from '../model/layers.ts'
import { lengthIn } from '../region/ball-steps.ts'
import { type Ball, radiusOf } from '../region/ball.ts'
import type { Attack, Inquiry, Victim } from './dialogue.ts'
import type { Timed } from './inputs.ts'
import type { Answer, Oracle } from './oracle.ts'
import { type Candidate, type Judgement, judge } from './recheck.ts'

export interface NamedAttack<Name extends string> {
  readonly name: Name
  readonly start: (victim: Victim) => Attack
}

/** @typeParam Tried a candidate, moved into the ball and judged by float64 */
export interface Lead<Name extends string, Tried extends Judgement> {
  /** Asked for logits and gradients. */
  readonly oracle: Oracle
  /** One after the other, until one succeeds. */
  readonly attacks: readonly NamedAttack<Name>[]
  readonly ball: Ball
  readonly shape: Shape
  readonly classes: number
  readonly seed: number
  /** What float64 says of a candidate, of the network that is to be fooled. */
  readonly tryIn64: (candidate: Candidate) => Tried
  /** Which points are tried: each that fools the oracle, or only the worst of each attack. */
  readonly tries: 'each that fools' | 'the worst of each attack'
}

export interface Target {
  /** Pixels. */
  readonly image: Float32Array
  readonly label: number
  /** Names its random streams: the index in the data set. */
  readonly identifier: number
}

export interface Outcome<Name extends string, Tried extends Judgement> {
  /** The one of smallest margin. */
  readonly tried: Tried
  /** The attack that found a point whose margin is ≤ 0. */
  readonly by?: Name
}

/** @returns an outcome for each target, in their order, with the time that was spent on it */
export function leadAttacks<Name extends string, Tried extends Judgement>(
  lead: Lead<Name, Tried>,
  targets: readonly Target[],
): Timed<Outcome<Name, Tried>>[] {
  const courses = targets.map((target) => new Course(lead, target))
  let next = 0
  let active: Course<Name, Tried>[] = []
  for (;;) {
    const started = performance.now()
    while (active.length < lead.oracle.most && next < courses.length) {
      const course = courses[next++]!
      course.begin()
      if (course.question) active.push(course)
    }
    if (active.length === 0) break
    const answers = lead.oracle.ask(active.map(({ question }) => question!))
    active.forEach((course, i) => course.take(answers[i]!))
    const seconds = (performance.now() - started) / 1000 / active.length
    for (const course of active) course.seconds += seconds
    active = active.filter(({ question }) => question)
  }
  return courses.map(({ outcome, seconds }) => ({ value: outcome!, seconds }))
}

/** Rounding may put a point of the ball's surface this much outside; it is moved back before it counts. */
const SURFACE = 1 + 1e-6

/** All attacks on one image. */
class Course<Name extends string, Tried extends Judgement> {
  seconds = 0
  outcome: Outcome<Name, Tried> | undefined
  question: { readonly pixels: Float64Array; readonly loss?: Inquiry['loss'] } | undefined
  readonly #lead: Lead<Name, Tried>
  readonly #target: Target
  readonly #radii: Float64Array
  readonly #victim: Victim
  #attack: Attack | undefined
  #name: Name | undefined
  #next = 0
  #at: Float64Array | undefined
  /** Of this attack: the point of smallest margin in the ball. */
  #worst: { readonly margin: number; readonly pixels: Float64Array } | undefined

  constructor(lead: Lead<Name, Tried>, target: Target) {
    this.#lead = lead
    this.#target = target
    this.#radii = radiiOf(lead.ball, sizeOf(lead.shape))
    this.#victim = victimOf(lead, target, this.#radii)
  }

  /** To the first question. There is none if no value can move. */
  begin(): void {
    const { image } = this.#target
    if (this.#radii.some((radius) => radius > 0)) this.#follow()
    else this.#tryPoint(Float64Array.from(image))
  }

  take({ logits, value, gradient }: Answer): void {
    const { margin } = judge(logits, this.#target.label)
    const { pixels } = this.question!
    if (lengthIn(this.#victim.norm, this.#at!) <= SURFACE) {
      if (!this.#worst || margin < this.#worst.margin) this.#worst = { margin, pixels }
      if (margin <= 0 && this.#lead.tries === 'each that fools' && this.#tryPoint(pixels)) return
    }
    const slopes = gradient.map((slope, i) => slope * this.#radii[i]!)
    this.#ask(this.#attack!.next({ logits, value, gradient: slopes }))
  }

  /** The next attack, if there is one left. */
  #follow(): void {
    const attack = this.#lead.attacks[this.#next++]
    if (!attack) {
      this.question = undefined
      return
    }
    this.#name = attack.name
    this.#worst = undefined
    this.#attack = attack.start(this.#victim)
    this.#ask(this.#attack.next())
  }

  #ask({ done, value }: IteratorResult<Inquiry, void>): void {
    if (done !== true) {
      const { at, loss } = value as Inquiry
      this.#at = at
      this.question = { pixels: this.#pixelsAt(at), loss }
    } else if (!(this.#worst && this.#tryPoint(this.#worst.pixels))) this.#follow()
  }

  /** @returns whether it fools the network: then all is done */
  #tryPoint(point: Float64Array): boolean {
    const { image, label } = this.#target
    const tried = this.#lead.tryIn64({ image, label, ball: this.#lead.ball, point })
    const isFound = tried.margin <= 0
    if (!this.outcome || tried.margin < this.outcome.tried.margin) {
      this.outcome = { tried, ...(isFound && this.#name !== undefined && { by: this.#name }) }
    }
    if (isFound) this.question = undefined
    return isFound
  }

  #pixelsAt(at: Float64Array): Float64Array {
    const { image } = this.#target
    const [low, high] = domainOf(this.#lead.ball)
    return at.map((share, i) => Math.min(high, Math.max(low, image[i]! + share * this.#radii[i]!)))
  }
}

const domainOf = ({ domain }: Ball): readonly [number, number] => (domain === 'pixels' ? [0, 1] : [-Infinity, Infinity])

const radiiOf = (ball: Ball, inputs: number) => Float64Array.from({ length: inputs }, (_, i) => radiusOf(ball, i))

function victimOf(
  { ball, shape, classes, seed }: Pick<Lead<string, Judgement>, 'ball' | 'shape' | 'classes' | 'seed'>,
  { image, label, identifier }: Target,
  radii: Float64Array,
): Victim {
  const [low, high] = domainOf(ball)
  const share = (end: number) => radii.map((radius, i) => (radius > 0 ? (end - image[i]!) / radius : 0))
  return {
    ...{ label, classes, shape, norm: ball.norm },
    room: { lower: share(low), upper: share(high) },
    random: (purpose) => new Random(seed, 'attack', purpose, identifier),
  }
}
