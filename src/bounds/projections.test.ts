import { describe, expect, it } from 'vitest'
import { Random } from '../base/random.ts'
import { Tape } from '../device/tape.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import { loadChunk } from './chunk.ts'
import { relaxNetwork } from './dual.ts'
import { dualMargins, type provedMargins } from './margins.ts'
import { paperBall } from '../region/ball.ts'

import { caseOf, engine, estimated, estimates, exactSpread, referenceEstimates } from './projections.testing.ts'

describe('random projections', () => {
  it('equal the float64 reference with the same random numbers', () => {
    let projected = 0
    const different: number[] = []
    for (let seed = 0; seed < 200; seed++) {
      const example = caseOf(seed, 'linf')
      const dimension = 4 + (seed % 9)
      const { hidden, projected: count } = estimated(example, estimates('linf', seed, dimension))
      const expected = referenceEstimates(example, seed, dimension)
      projected += count
      const isEqual = hidden.every(({ lower, upper }, i) => {
        const { lower: low, upper: high } = expected[i]
        const scale = Math.max(1, ...high.map(Math.abs), ...low.map(Math.abs))
        const near = (a: Float64Array, b: Float64Array) => a.every((v, j) => Math.abs(v - b[j]) < 1e-3 * scale)
        return near(lower, low) && near(upper, high)
      })
      if (!isEqual) different.push(seed)
    }
    expect(projected).toBeGreaterThan(250)
    // a neuron within rounding of zero draws numbers in one and not in the other, and all later ones differ
    expect(different.length).toBeLessThan(4)
  })

  for (const norm of ['linf', 'l2'] as const) {
    it(`have the exact term as their median, and the spread that theory says, over ${norm} balls`, () => {
      // of 50 columns: the median of |Cauchy| has the deviation π/(2√50) = 0.22, the root mean square 1/√100 = 0.1
      const ratios: number[] = []
      for (let seed = 0; seed < 24; seed++) {
        const example = caseOf(seed, norm, seed % 2 === 1)
        const exact = estimated(example, undefined)
        const second = exact.hidden[1]
        for (let draw = 0; draw < 60; draw++) {
          const { hidden } = estimated(example, estimates(norm, 1000 * seed + draw, 50))
          // both ends moved in from the interval: the width is the estimate's, and in exact bounds the exact one
          hidden[1].lower.forEach((l, j) => {
            const [u, exactLower, exactUpper] = [hidden[1].upper[j], second.lower[j], second.upper[j]]
            if (!(l < 0 && u > 0 && exactLower < 0 && exactUpper > 0)) return
            ratios.push((u - l) / (exactUpper - exactLower))
          })
        }
      }
      ratios.sort((a, b) => a - b)
      const quantile = (share: number) => ratios[Math.floor(share * ratios.length)]
      expect(ratios.length).toBeGreaterThan(400)
      expect(quantile(0.5)).toBeGreaterThan(0.93)
      expect(quantile(0.5)).toBeLessThan(1.05)
      expect(quantile(0.1)).toBeGreaterThan(0.65)
      expect(quantile(0.9)).toBeLessThan(1.4)
      expect(quantile(0.9) - quantile(0.1)).toBeGreaterThan(0.1)
    })
  }

  it('come closer to the exact term the more columns there are', () => {
    const errorOf = (dimension: number) => {
      let [error, count] = [0, 0]
      for (let seed = 0; seed < 20; seed++) {
        const example = caseOf(seed, 'linf')
        const { hidden } = estimated(example, estimates('linf', seed, dimension))
        hidden[1].lower.forEach((l, j) => {
          const { centre, spread } = exactSpread(example, hidden, 1, j)
          const moved = centre - l
          if (!(l < 0 && hidden[1].upper[j] > 0) || Math.abs(hidden[1].upper[j] - (2 * centre - l)) > 1e-4) return
          error += Math.abs(moved / spread - 1)
          count++
        })
      }
      return error / count
    }
    const [few, many] = [errorOf(10), errorOf(1000)]
    expect(many).toBeLessThan(0.07)
    expect(few).toBeGreaterThan(3 * many)
  })

  it('carry gradients that equal finite differences with the random numbers held', () => {
    let checked = 0
    for (let seed = 0; seed < 25; seed++) {
      const example = caseOf(seed, 'linf')
      const { network, image, label, epsilon } = example
      const random = new Random(seed, 'weights')
      const mark = engine.mark()
      const loaded = new LoadedNetwork(engine, network.architecture, true)
      loaded.setParameters(network.parameters)
      const tape = new Tape()
      const chunk = loadChunk(loaded, { images: [image], labels: [label] }, paperBall(epsilon))
      const relaxed = relaxNetwork(loaded, tape, chunk, { estimates: estimates('linf', seed, 7) })
      const last = relaxed.intervals.at(-1)!
      const size = last.lower.length / chunk.columns
      const [toLower, toUpper] = [0, 1].map(() => Float64Array.from({ length: size }, () => random.between(-1, 1)))
      toLower!.forEach((value, j) => (last.lower.gradient.view()[j * chunk.columns] = value))
      toUpper!.forEach((value, j) => (last.upper.gradient.view()[j * chunk.columns] = value))
      tape.backward()
      const gradient = new Float32Array(loaded.parameterCount)
      loaded.readGradient(gradient)
      engine.release(mark)

      const objective = (i: number, step: number) => {
        const parameters = Float64Array.from(network.parameters)
        parameters[i] += step
        const moved = { ...example, network: { ...network, parameters: parameters as never } }
        const { lower, upper } = referenceEstimates(moved, seed, 7).at(-1)!
        return lower.reduce((sum, l, j) => sum + toLower![j] * l + toUpper![j] * upper[j], 0)
      }
      const scale = Math.max(1e-2, ...gradient.map(Math.abs))
      for (let n = 0; n < 12; n++) {
        const i = random.integer(network.parameters.length)
        const [here, step] = [objective(i, 0), 1e-6]
        const [ahead, back] = [(objective(i, step) - here) / step, (here - objective(i, -step)) / step]
        if (Math.abs(ahead - back) > 1e-3 * scale) continue
        expect(Math.abs(gradient[i] - (ahead + back) / 2)).toBeLessThan(3e-3 * scale)
        checked++
      }
    }
    expect(checked).toBeGreaterThan(150)
  })

  it('carry gradients over ℓ2 balls and residual sums that equal differences of the estimates', () => {
    // float32 against float32: coarse steps, and a coarse bound
    let checked = 0
    for (let seed = 0; seed < 30; seed++) {
      const example = caseOf(seed, 'l2', true)
      const { network, image, label, epsilon, norm } = example
      const lossOf = (parameters: Float32Array) =>
        estimated({ ...example, network: { ...network, parameters } }, estimates('l2', seed, 6)).margins.reduce(
          (a, b) => a + b,
        )
      const mark = engine.mark()
      const loaded = new LoadedNetwork(engine, network.architecture, true)
      loaded.setParameters(network.parameters)
      const tape = new Tape()
      const chunk = loadChunk(loaded, { images: [image], labels: [label] }, { ...paperBall(epsilon), norm })
      const margins = dualMargins(relaxNetwork(loaded, tape, chunk, { estimates: estimates('l2', seed, 6) }), tape, 0)
      margins.gradient.view().fill(1)
      tape.backward()
      const gradient = new Float32Array(loaded.parameterCount)
      loaded.readGradient(gradient)
      engine.release(mark)

      // along the gradient, where differences are largest
      const length = Math.hypot(...gradient)
      if (length === 0) continue
      const along = (step: number) =>
        lossOf(network.parameters.map((value, i) => value + (step * gradient[i]) / length))
      const step = 1e-3
      const [ahead, back] = [(along(step) - along(0)) / step, (along(0) - along(-step)) / step]
      if (Math.abs(ahead - back) > 0.02 * length) continue
      expect(Math.abs((ahead + back) / 2 / length - 1)).toBeLessThan(0.02)
      checked++
    }
    expect(checked).toBeGreaterThan(8)
  })

  it('are taken only where they multiply less, if so asked', () => {
    let projected = 0
    for (let seed = 0; seed < 40; seed++) {
      const example = caseOf(seed, 'linf')
      // so small a network has fewer rows than a thousand columns, and sometimes more than two
      expect(estimated(example, estimates('linf', 1, 1000, true))).toEqual(estimated(example, undefined))
      projected += estimated(example, estimates('linf', 1, 2, true)).projected
    }
    expect(projected).toBeGreaterThan(0)
  })

  it('refuse ℓ1 balls', () => {
    expect(() => estimated(caseOf(1, 'l1'), estimates('l1', 1, 10))).toThrow(/ℓ1/)
  })

  it('can be no proof, as a matter of types', () => {
    const relaxed = undefined as unknown as ReturnType<typeof relaxNetwork>
    // @ts-expect-error: bounds for training, exact or estimated, are not `Proved`
    const refused: Parameters<typeof provedMargins>[0] = relaxed
    // @ts-expect-error: nor is anything that looks like it
    const forged: Parameters<typeof provedMargins>[0] = { ...relaxed, proof: { magnitude: undefined!, trusted: true } }
    expect([refused, forged]).toBeDefined()
  })
})
