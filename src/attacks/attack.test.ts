import { inline } from '../jobs/inline.ts'
import { threads } from '../node/threads.ts'
import { beforeAll, describe, expect, test } from 'vitest'
import { domains } from '../region/domain.ts'
import { Engine } from '../device/wasm/engine.ts'
import { UserError } from '../base/errors.ts'
import { evaluate } from '../model/evaluate.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import { type Network, parameterLayout } from '../model/network.ts'
import { attackImages, classify } from './attack-images.ts'
import { type AttackRunOptions, attack, pgdOptions } from './attack.ts'
import { attackAll } from './attack.testing.ts'
import { fgsm } from './gradient-attack.ts'
import { examples } from './inputs.ts'
import { smallCase } from './random-dataset.testing.ts'
import { judge } from './recheck.ts'

const { network, dataset } = smallCase()
const ball = { epsilon: 0.05, norm: 'linf', domain: 'pixels' } as const
const base = {
  epsilon: 0.05,
  first: 0,
  last: 50,
  seed: 0,
  domain: 'pixels',
  method: 'pgd',
  steps: 10,
} as const

let loaded: LoadedNetwork<Engine>
beforeAll(async () => {
  loaded = new LoadedNetwork(await Engine.create(), network.architecture, false)
  loaded.setParameters(network.parameters)
})

const all = Array.from({ length: dataset.count }, (_, i) => i)

test('predictions are those of the float64 pass', () => {
  for (const index of all) {
    const { images, labels } = examples(dataset, [index])
    const { prediction, margin } = judge(evaluate(network, images[0]), labels[0])
    const [found] = classify({ network, loaded, dataset }, [index])
    expect(found!.prediction).toBe(prediction)
    expect(found!.margin).toBeCloseTo(margin, 4)
  }
})

test('an attack on an image does not depend on the images beside it, on their order, nor on the range', () => {
  const options = pgdOptions({ steps: 10, restarts: 2 }, 'pixels', 7)
  const subject = { network, loaded, dataset }
  const alone = all.slice(0, 12).map((index) => attackImages(subject, [index], options, ball)[0])
  const together = [0, 4, 8].flatMap((first) => attackImages(subject, all.slice(first, first + 4), options, ball))
  const backwards = [8, 4, 0].flatMap((first) =>
    attackImages(subject, all.slice(first, first + 4).toReversed(), options, ball),
  )
  expect(together).toEqual(alone)
  expect(backwards.toReversed()).toEqual(alone)
})

test('the direction does not vanish where the network is sure: logits a thousand times as large are attacked as well', () => {
  const { layers } = network.architecture
  const sure: Network = { architecture: network.architecture, parameters: network.parameters.slice() }
  const last = layers.length - 1
  for (const { layer, offset, length } of parameterLayout(network.architecture)) {
    if (layer === last) for (let i = offset; i < offset + length; i++) sure.parameters[i] *= 1024
  }
  const scaled = new LoadedNetwork(loaded.device, sure.architecture, false)
  scaled.setParameters(sure.parameters)
  const options = fgsm('pixels')
  const broken = (subject: Parameters<typeof attackImages>[0]) =>
    all.flatMap((index) => attackImages(subject, [index], options, ball)).filter(({ adversarial }) => adversarial)
      .length
  expect(broken({ network: sure, loaded: scaled, dataset })).toBeGreaterThanOrEqual(
    broken({ network, loaded, dataset }),
  )
})

describe('over a range', () => {
  test('what counts as broken is in the ball and misclassified; sums agree', async () => {
    for (const domain of domains) {
      const { rows, summary } = await attackAll(network, dataset, { ...base, domain })
      expect(rows.map(({ index }) => index)).toEqual(all)
      const broken = rows.filter(({ verdict }) => verdict === 'vulnerable')
      expect(broken.length).toBeGreaterThan(3)
      expect(broken.length).toBeLessThan(45)
      for (const { index, label, adversarial, margin } of broken) {
        const image = examples(dataset, [index]).images[0]
        const { image: found, prediction } = adversarial!
        expect(judge(evaluate(network, found), label)).toEqual({ prediction, margin })
        expect(margin).toBeLessThanOrEqual(0)
        expect(
          found.every((v, j) => Math.abs(v - image[j]) <= 0.05 && (domain === 'unbounded' || (v >= 0 && v <= 1))),
        ).toBe(true)
      }
      expect(rows.filter((row) => row.adversarial !== undefined)).toEqual(broken)
      const misclassified = rows.filter(({ verdict }) => verdict === 'misclassified').length
      expect(summary).toMatchObject({ images: 50, cleanErrors: misclassified, cleanError: misclassified / 50 })
      expect(summary.attackErrors).toBe(misclassified + broken.length)
    }
  })

  test('under ℓ2 and ℓ1: in the ball, misclassified, and PGD finds no less than one step', async () => {
    // of about the length of the ℓ∞ ball's corners, resp. of a few whole pixels
    for (const [norm, epsilon] of [
      ['l2', 0.25],
      ['l1', 1.2],
    ] as const) {
      for (const domain of domains) {
        const run = (method: 'pgd' | 'fgsm') =>
          attackAll(network, dataset, {
            ...base,
            norm,
            epsilon,
            domain,
            method,
            steps: method === 'pgd' ? 30 : undefined,
          })
        const { rows, summary } = await run('pgd')
        expect(summary).toMatchObject({ norm, epsilon, domain })
        const broken = rows.filter(({ verdict }) => verdict === 'vulnerable')
        expect(broken.length).toBeGreaterThan(3)
        expect(broken.length).toBeLessThan(45)
        for (const { index, label, adversarial, margin } of broken) {
          const image = examples(dataset, [index]).images[0]
          const { image: found, prediction } = adversarial!
          expect(judge(evaluate(network, found), label)).toEqual({ prediction, margin })
          const moves = Array.from(found, (v, j) => Math.abs(v - image[j]))
          const length = norm === 'l1' ? moves.reduce((a, b) => a + b) : Math.hypot(...moves)
          expect(length).toBeLessThanOrEqual(epsilon)
          // it uses the ball: an ℓ∞ ball of the same ε would be far larger
          expect(length).toBeGreaterThan(0.5 * epsilon)
          if (domain === 'pixels') expect(found.every((v) => v >= 0 && v <= 1)).toBe(true)
        }
        const single = (await run('fgsm')).summary
        expect(summary.attackErrors).toBeGreaterThanOrEqual(single.attackErrors)
        expect(single.attackErrors).toBeGreaterThan(single.cleanErrors)
      }
    }
  })

  test('workers and ranges do not matter; seeds do', async () => {
    const one = await attackAll(network, dataset, base)
    const seen: number[] = []
    for await (const { index } of attack(network, dataset, { ...base, executor: threads(2) })) seen.push(index)
    expect(seen).toEqual(all)
    const three = await attackAll(network, dataset, { ...base, executor: threads(3) })
    expect(three.rows).toEqual(one.rows)
    const part = await attackAll(network, dataset, { ...base, first: 7, last: 41, executor: threads(2) })
    expect(part.rows).toEqual(one.rows.slice(7, 41))
    expect((await attackAll(network, dataset, { ...base, seed: 1 })).rows).not.toEqual(one.rows)
  })

  test('more steps and restarts find at least about as much; fgsm is one step; ε = 0 finds nothing', async () => {
    const errors = async (options: Partial<AttackRunOptions>) =>
      (await attackAll(network, dataset, { ...base, steps: undefined, ...options })).summary.attackErrors
    const weak = await errors({ method: 'fgsm' })
    const strong = await errors({ restarts: 3 })
    expect(strong).toBeGreaterThanOrEqual(weak)
    const { summary } = await attackAll(network, dataset, { ...base, epsilon: 0 })
    expect(summary.attackErrors).toBe(summary.cleanErrors)
  })

  test.each([
    ['inline', inline],
    ['threads', threads(2)],
  ])('a signal ends the rows with its reason: %s', async (_, executor) => {
    const stop = new AbortController()
    const seen: number[] = []
    const run = async () => {
      for await (const { index } of attack(network, dataset, { ...base, executor, signal: stop.signal })) {
        seen.push(index)
        if (index === 12) stop.abort(new Error('enough'))
      }
    }
    await expect(run()).rejects.toThrow('enough')
    expect(seen).toEqual(all.slice(0, 13))
    const before = attack(network, dataset, { ...base, executor, signal: AbortSignal.abort(new Error('no more')) })
    await expect(before[Symbol.asyncIterator]().next()).rejects.toThrow('no more')
  })

  test('bad input is refused', async () => {
    const { architecture, parameters } = network
    const relu = { kind: 'relu' } as const
    const refuse = async (
      options: Partial<AttackRunOptions>,
      message: RegExp,
      over: Partial<Network> = {},
      data = dataset,
    ) => {
      const run = attackAll({ ...network, ...over }, data, { ...base, ...options })
      await expect(run).rejects.toThrow(UserError)
      await expect(run).rejects.toThrow(message)
    }
    await refuse({ epsilon: -0.1 }, /ε/)
    await refuse({ epsilon: NaN }, /ε/)
    await refuse({ epsilon: 1.5 }, /ε/)
    await refuse({ norm: 'l2', epsilon: 6.01 }, /ε in ℓ2 must be a number from 0 to 6 /)
    await refuse({ norm: 'l1', epsilon: 36.5 }, /ε in ℓ1 must be a number from 0 to 36 /)
    await refuse({ norm: 'l3' as 'l2' }, /unknown norm 'l3'/)
    await refuse({ first: 10, last: 10 }, /no images/)
    await refuse({ last: 51 }, /0 to 49/)
    await refuse({ steps: 0 }, /steps/)
    await refuse({ restarts: 1.5 }, /restarts/)
    await refuse({ stepSize: -1 }, /step size/)
    await refuse({ method: 'fgsm' }, /leave out steps/)
    await refuse({ domain: 'pixel' as 'pixels' }, /unknown domain 'pixel': did you mean 'pixels'/)
    await refuse({ method: 'fgsm', steps: undefined, domain: 'all' as 'pixels' }, /unknown domain 'all'/)
    await refuse({ method: 'pdg' as 'pgd' }, /did you mean 'pgd'/)
    await refuse({}, /of 5: choose another/, {}, { ...dataset, classes: 5 })
    await refuse({}, /6×6/, {}, { ...dataset, shape: { channels: 1, height: 4, width: 9 } })
    await refuse({}, /parameters/, { parameters: parameters.slice(1) })
    await refuse({}, /ReLU after/, { architecture: { ...architecture, layers: [...architecture.layers, relu] } })
    const twice = { kind: 'add', other: architecture.layers.length - 1 } as const
    const doubled = { architecture: { ...architecture, layers: [...architecture.layers, twice] } }
    await refuse({}, /does not take: the last layer must not be a residual sum/, doubled)
    const [normalise, ...others] = architecture.layers
    await refuse({}, /ReLU before/, { architecture: { ...architecture, layers: [normalise!, relu, ...others] } })
  })
})
