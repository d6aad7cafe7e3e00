import { expect, test } from 'vitest'
import type { Attack, Victim } from './dialogue.ts'
import { type Lead, leadAttacks } from './lead-attacks.ts'
import type { Question } from './oracle.ts'
import { type AdversarialExample, judge, projectIntoBall } from './recheck.ts'

/** Images of one pixel, of class 0 below `limit`, of class 1 from there on. */
const logitsAt = (x: number, limit: number) => Float64Array.of(limit - x, 0)

const asked: number[][] = []
const oracle = (limit = 0.55) => ({
  most: 2,
  ask: (questions: readonly Question[]) => {
    asked.push(questions.map(({ pixels }) => pixels[0]!))
    return questions.map(({ pixels }) => {
      return { logits: logitsAt(pixels[0]!, limit), value: NaN, gradient: new Float64Array() }
    })
  },
})

/** Tries some points, one after the other. */
const points = (name: string, ...shares: readonly number[]) => ({
  name,
  *start(): Attack {
    for (const share of shares) yield { at: Float64Array.of(share) }
  },
})

const lead: Lead<string, AdversarialExample> = {
  oracle: oracle(),
  attacks: [],
  ball: { epsilon: 0.1, norm: 'linf', domain: 'pixels' },
  shape: { channels: 1, height: 1, width: 1 },
  ...{ classes: 2, seed: 0, tries: 'each that fools' },
  tryIn64: (candidate) => {
    const image = projectIntoBall(candidate)
    return { image, ...judge(logitsAt(image[0]!, 0.55), candidate.label) }
  },
}
const target = (pixel: number, identifier = 0) => ({ image: Float32Array.of(pixel), label: 0, identifier })
const outcomes = (some: Partial<typeof lead>, ...pixels: number[]) =>
  leadAttacks({ ...lead, ...some }, pixels.map(target)).map(({ value: { by, tried } }) => [
    by,
    tried.image[0]!.toFixed(3),
  ])

test('an image ends at the first point that fools, and says which attack found it; others go on to their ends', () => {
  const attacks = [points('first', 0.2, 0.4, 0.3), points('second', 0.7, 0.9, 1)]
  asked.length = 0
  expect(outcomes({ attacks }, 0.5, 0.2, 0.52)).toEqual([
    ['second', '0.570'],
    [undefined, '0.300'],
    ['first', '0.560'],
  ])
  // two at once; the third image takes the place of the first that ends
  const rounded = asked.map((all) => all.map((x) => x.toFixed(2)))
  expect(rounded).toEqual([
    ['0.52', '0.22'],
    ['0.54', '0.24'],
    ['0.53', '0.23'],
    ['0.57', '0.27'],
    ['0.29', '0.54'],
    ['0.30', '0.56'],
  ])
})

test('points outside of the ball do not count, and are not moved into it', () => {
  expect(outcomes({ attacks: [points('far', 1.5, 0.1)] }, 0.5)).toEqual([[undefined, '0.510']])
  expect(outcomes({ attacks: [points('far', 1.5, 0.1, 1)] }, 0.5)).toEqual([['far', '0.600']])
  // the domain ends before the ball
  const ball = { ...lead.ball, epsilon: 0.5, norm: 'l2' } as const
  expect(outcomes({ attacks: [points('edge', -0.9)], ball }, 0.2)).toEqual([[undefined, '0.000']])
})

test('what float64 does not confirm does not count: the attack goes on', () => {
  expect(outcomes({ attacks: [points('a', 0.1, 0.3, 0.6)], oracle: oracle(0.51) }, 0.5)).toEqual([['a', '0.560']])
  expect(outcomes({ attacks: [points('a', 0.1, 0.3)], oracle: oracle(0.51) }, 0.5)).toEqual([[undefined, '0.530']])
})

test('for another network only the worst point of each attack is tried, whatever fools its own', () => {
  const tried: string[] = []
  const tryIn64: typeof lead.tryIn64 = (candidate) => {
    tried.push(candidate.point[0]!.toFixed(2))
    return lead.tryIn64(candidate)
  }
  const attacks = [points('first', 0.4), points('second', 0.1, 0.3, 0.2), points('third', 0.6, 0.1), points('last', 1)]
  const tries = 'the worst of each attack'
  expect(outcomes({ attacks, tries, tryIn64, oracle: oracle(0.4) }, 0.5)).toEqual([['third', '0.560']])
  expect(tried).toEqual(['0.54', '0.53', '0.56'])
})

test('a ball of radius 0 is its image, and asks nothing', () => {
  asked.length = 0
  const ball = { ...lead.ball, epsilon: 0 }
  expect(outcomes({ attacks: [points('a', 1)], ball }, 0.5)).toEqual([[undefined, '0.500']])
  expect(asked).toEqual([])
})

test('what an attack draws is named by seed, purpose and image', () => {
  const drawn = (seed: number, identifier: number, purpose: string) => {
    let number = NaN
    const start = function* ({ random }: Victim): Attack {
      number = random(purpose).uniform()
      yield { at: Float64Array.of(0) }
    }
    leadAttacks({ ...lead, seed, attacks: [{ name: 'a', start }] }, [target(0.5, identifier)])
    return number
  }
  const all = [drawn(0, 0, 'a'), drawn(1, 0, 'a'), drawn(0, 1, 'a'), drawn(0, 0, 'b')]
  expect(new Set(all).size).toBe(4)
  expect(drawn(0, 0, 'a')).toBe(all[0])
})
