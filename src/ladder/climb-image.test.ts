import { expect, test } from 'vitest'
import { evaluate } from '../model/evaluate.ts'
import { graphOf } from '../model/graph.ts'
import type { Network } from '../model/network.ts'
import { type ClimbSettings, type ClimbSubject, climbImage } from './climb-image.ts'
import type { Draft } from './drafts.ts'
import type { ClimbOutcome, Climbed } from './climb.ts'
import type { StepName } from './steps/index.ts'
import { rowSchema } from './rows.ts'
import { type Ball, paperBall } from '../region/ball.ts'

/** Logits (x, 0.5): class 0 wins where x > 0.5. */
const network: Network = {
  architecture: {
    name: 'threshold',
    input: { channels: 1, height: 1, width: 1 },
    layers: [{ kind: 'linear', outFeatures: 2 }],
  },
  parameters: Float32Array.of(1, 0, 0, 0.5),
}
const subject = {
  graph: graphOf(network),
  classes: 2,
  evaluate: (image: ArrayLike<number>) => evaluate(network, image),
}
const draft: Draft = {
  ...{ index: 3, label: 0, prediction: 0, seconds: 0.25 },
  clean: { verdict: 'correct', margin: 0.1, seconds: 0.125 },
  lp: { verdict: 'open', margin: -0.5, seconds: 0.125, pruned: true },
}
const ball: Ball = { epsilon: 0.2, norm: 'linf', domain: 'pixels' }
const settings: ClimbSettings = {
  ...{
    ball,
    steps: ['crown', 'alpha', 'complete'],
    search: 'bab',
  },
  timeout: 10,
}
const image = Float32Array.of(0.6)

/** The row that comes of what a climb says. */
type Climb = ClimbSubject['climb']

const row = async (climbed: Climbed, over: Partial<ClimbSettings> = {}, from = draft) => {
  const found = await climbImage(
    { ...subject, climb: async () => climbed },
    { image, draft: from },
    { ...settings, ...over },
  )
  return rowSchema.parse(JSON.parse(JSON.stringify(found)))
}
const vulnerable = (x: number): ClimbOutcome => ({
  verdict: 'vulnerable',
  step: 'complete',
  point: Float64Array.of(x),
})
const step = (name: StepName, seconds: number, bound: number) => ({
  step: name,
  seconds,
  bound,
})

test('the question is the box of the domain, the steps are those asked for', async () => {
  const asked: unknown[] = []
  const climb: Climb = async (graph, { lower, upper, unsafe }, options) => {
    asked.push(graph === subject.graph, lower[0], upper[0], unsafe.length, options)
    return { outcome: { verdict: 'undecided', bound: -1, reason: 'timeout' }, steps: [] }
  }
  await climbImage(
    { ...subject, climb },
    { image: Float32Array.of(0.25), draft },
    {
      ...settings,
      ball: { ...ball, epsilon: 0.5 },
      search: 'milp',
    },
  )
  await climbImage(
    { ...subject, climb },
    { image: Float32Array.of(0.25), draft },
    {
      ...settings,
      ...{ ball: paperBall(0.5), steps: ['alpha'] },
    },
  )
  const timeout = 10
  const upper = 0.75 + 2 ** -52
  expect(asked).toEqual([
    ...[true, 0, upper, 1, { steps: ['crown', 'alpha', 'complete'], search: 'milp', timeout }],
    ...[true, -0.25 - 2 ** -52, upper, 1, { steps: ['alpha'], search: 'bab', timeout }],
  ])
})

test('a proof counts for the step that found it, and times add up', async () => {
  const { crown, alpha, complete, result, seconds } = await row({
    outcome: { verdict: 'robust', step: 'alpha', margin: 0.25 },
    steps: [step('interval', 0.5, -9), step('lp', 0.5, -1), step('crown', 1, -0.25), step('alpha', 2, 0.25)],
  })
  expect(crown).toEqual({ verdict: 'open', margin: -0.25, seconds: 2 })
  expect(alpha).toEqual({ verdict: 'robust', margin: 0.25, seconds: 2 })
  expect(complete).toBeUndefined()
  expect(result).toEqual({ verdict: 'robust', method: 'alpha', margin: 0.25 })
  expect(seconds).toBe(4.25)
})

test('a proof of an earlier step than those asked for counts for the next one, a proof of a later step for none', async () => {
  const proof = { outcome: { verdict: 'robust', step: 'lp', margin: 0.25 }, steps: [step('lp', 1, 0.25)] } as const
  expect((await row(proof, { steps: ['alpha', 'complete'] })).result).toMatchObject({ method: 'alpha' })
  const { interval, result } = await row(proof, { steps: ['interval'] })
  expect([interval, result]).toEqual([undefined, { verdict: 'undecided', margin: -0.5, reason: 'incomplete' }])
})

test('a proof of the complete step has its time and margin', async () => {
  const found = await row({
    outcome: { verdict: 'robust', step: 'complete', margin: 1e-9 },
    steps: [step('complete', 3, 1e-9)],
  })
  expect(found.result).toEqual({ verdict: 'robust', method: 'complete', margin: 1e-9 })
  expect(found.complete).toEqual({ verdict: 'robust', margin: 1e-9, seconds: 3 })
})

test('a margin that is not positive, or no number, proves nothing', async () => {
  for (const margin of [0, -1, NaN, Infinity]) {
    const { result } = await row({ outcome: { verdict: 'robust', step: 'crown', margin }, steps: [] })
    expect(result).toEqual({ verdict: 'undecided', margin: -0.5, reason: 'precision' })
  }
})

test('a counterexample counts if the network errs at it, in the ball, in the domain', async () => {
  const steps = [step('complete', 1, -0.3)]
  const { result, complete } = await row({ outcome: vulnerable(0.45), steps })
  expect(result).toEqual({
    ...{ verdict: 'vulnerable', method: 'complete', prediction: 1 },
    ...{ margin: Math.fround(0.45) - 0.5, point: [Math.fround(0.45)] },
  })
  expect(complete).toEqual({ verdict: 'vulnerable', margin: -0.3, seconds: 1 })
  // outside the ball it is moved into it, where the network may be right
  const moved = await row({ outcome: vulnerable(0), steps })
  expect(moved.result).toMatchObject({ verdict: 'vulnerable' })
  expect((moved.result as { point: number[] }).point[0]).toBeGreaterThanOrEqual(Math.fround(0.6) - 0.2)
  const precision = { verdict: 'undecided', reason: 'precision' }
  expect((await row({ outcome: vulnerable(0), steps }, { ball: { ...ball, epsilon: 0.05 } })).result).toMatchObject(
    precision,
  )
  expect((await row({ outcome: vulnerable(0.55), steps })).result).toMatchObject(precision)
  expect((await row({ outcome: vulnerable(NaN), steps })).result).toMatchObject(precision)
})

test('a counterexample that only float64 can express counts', async () => {
  // x ≥ 0.4 + 2⁻⁴⁰ is right, and float32 has no number of the ball below
  const threshold = Math.fround(0.6) - 0.2 + 2 ** -40
  const point = Float64Array.of(Math.fround(0.6) - 0.2 + 2 ** -41)
  const narrow = { ...subject, evaluate: (x: ArrayLike<number>) => Float64Array.of(x[0] - threshold, 0) }
  const climb: Climb = async () => ({ outcome: { ...vulnerable(0), point } as ClimbOutcome, steps: [] })
  const { result } = await climbImage({ ...narrow, climb }, { image, draft }, settings)
  expect(result).toMatchObject({ verdict: 'vulnerable', point: [point[0]] })
})

test('what is undecided says why, with the best bound of all steps', async () => {
  const outcome = { verdict: 'undecided', bound: -0.125, reason: 'timeout' } as const
  const { result, complete } = await row({ outcome, steps: [step('crown', 1, -2), step('complete', 10, NaN)] })
  expect(result).toEqual({ verdict: 'undecided', margin: -0.125, reason: 'timeout' })
  expect(complete).toEqual({ verdict: 'open', margin: null, seconds: 10 })
  const worse = await row({ outcome: { ...outcome, bound: NaN }, steps: [] })
  expect(worse.result).toMatchObject({ margin: -0.5 })
})

test('a search that fails is undecided and says so; a contradiction is an internal error', async () => {
  const fail: Climb = () => Promise.reject(new Error('the solver broke'))
  const { result, complete, clean } = await climbImage({ ...subject, climb: fail }, { image, draft }, settings)
  expect(result).toEqual({ verdict: 'undecided', margin: -0.5, reason: 'error', message: 'the solver broke' })
  expect([complete!.verdict, clean.verdict]).toEqual(['open', 'correct'])
  const wrong = row({ outcome: vulnerable(0.45), steps: [step('crown', 1, 0.1)] })
  await expect(wrong).rejects.toThrow(/internal error: image 3 has a counterexample of margin -0.0/)
})

test('a climb that a signal ends is no row', async () => {
  const signal = AbortSignal.abort(new Error('enough'))
  const stopped: Climb = () => Promise.reject(signal.reason as Error)
  const climbing = climbImage({ ...subject, climb: stopped }, { image, draft }, { ...settings, signal })
  await expect(climbing).rejects.toThrow('enough')
})

test('only steps that were asked for have parts', async () => {
  const outcome = { verdict: 'undecided', bound: -1, reason: 'incomplete' } as const
  const steps = [step('crown', 1, -2), step('alpha', 1, -1)]
  const parts = async (methods: readonly StepName[]) => {
    const found = await row({ outcome, steps }, { steps: methods })
    return (['crown', 'alpha', 'complete'] as const).filter((method) => found[method])
  }
  expect(await parts(['crown'])).toEqual(['crown'])
  expect(await parts(['alpha'])).toEqual(['alpha'])
  expect(await parts(['crown', 'alpha'])).toEqual(['crown', 'alpha'])
})
