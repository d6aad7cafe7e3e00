import { describe, expect, it } from 'vitest'
import { threads } from '../node/threads.ts'
import { syntheticDigits } from '../data/synthetic.ts'
import { tinyData, tinyOptions } from './tiny.testing.ts'
import { type Epoch, type TrainingState, train } from './train.ts'
import { trainingData } from './training-data.ts'

const options = tinyOptions({ method: 'interval', epochs: 3 })

/** What another program may have stored of a state. */
const stored = ({ learners, ...rest }: TrainingState): TrainingState => ({
  ...structuredClone(rest),
  learners: learners.map(({ state: { parameters, first, second }, ...learner }) => ({
    ...learner,
    state: { parameters: parameters.slice(), first: first.slice(), second: second.slice() },
  })),
})

const weightsOf = ({ networks }: Epoch) => networks.map(({ network }) => [...network.parameters])

describe('training as an iterable', () => {
  it('yields epochs with reports and networks, and the best so far', async () => {
    const seen: string[] = []
    const context = { onReport: ({ network, epoch }: { network: string; epoch: number }) => seen.push(network + epoch) }
    for await (const { epoch, reports, networks, state } of train(tinyOptions({}), tinyData, context)) {
      expect(reports.map(({ network, epoch }) => network + epoch)).toEqual([`f${epoch}`, `g${epoch}`])
      expect(networks.map(({ name }) => name)).toEqual(['f', 'g'])
      expect([state.epochs, state.reports.length]).toEqual([epoch, 2 * epoch])
      const least = Math.min(...state.reports.map(({ certifiedError }) => certifiedError!))
      expect(state.best!.certifiedError).toBe(least)
    }
    expect(seen).toEqual(['f1', 'g1', 'f2', 'g2'])
  })

  it('of clean images does not know where their balls end', async () => {
    const one = async (domain: 'unbounded' | 'pixels') => {
      const options = tinyOptions({ method: 'natural', epochs: 1, epsilon: 0.3, domain })
      const epoch = (await train(options, tinyData).next()).value as Epoch
      return {
        weights: weightsOf(epoch),
        errors: epoch.reports.map((report) => [report.trainingError, report.cleanError]),
      }
    }
    expect(await one('pixels')).toEqual(await one('unbounded'))
  })

  it('continues from any state that it has yielded, in memory that threads do not share', async () => {
    const whole: number[][][] = []
    let first: TrainingState | undefined
    for await (const epoch of train(options, tinyData)) {
      whole.push(weightsOf(epoch))
      first ??= stored(epoch.state)
    }
    const rest: number[][][] = []
    for await (const epoch of train(options, tinyData, { from: first! })) rest.push(weightsOf(epoch))
    expect(rest).toEqual(whole.slice(1))
  })

  it('ends at once when its signal says so, and when no more epochs are asked for', async () => {
    const stop = new AbortController()
    const context = { executor: threads(2), signal: stop.signal, onProgress: () => stop.abort(new Error('enough')) }
    await expect(train(options, tinyData, context).next()).rejects.toThrow('enough')
    let epochs = 0
    for await (const _ of train(options, tinyData, { executor: threads(2) })) {
      epochs++
      break
    }
    expect(epochs).toBe(1)
  })
})

it('images of another shape are refused', () => {
  const digits = syntheticDigits(3, 0, 'train')
  expect(trainingData(options, digits)).toMatchObject({
    architecture: { name: 'mnist-small' },
    validation: { count: 0 },
  })
  expect(trainingData({ ...options, architecture: 'conv 2 9 9, relu, linear' }, digits).architecture).toMatchObject({
    name: 'own',
    input: digits.shape,
    layers: { length: 4 },
  })
  expect(() => trainingData({ ...options, norm: 'l2', epsilon: 29 }, digits)).toThrow('at most 28 in norm l2')
  expect(() => trainingData({ ...options, architecture: 'cifar10-small' }, digits)).toThrow(
    'cifar10-small takes 3×32×32 images of 10 classes, but synthetic has 1×28×28 of 10: choose another',
  )
})
