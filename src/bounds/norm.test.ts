/** ℓ2 and ℓ1 balls through interval and dual bounds; what other tests do for ℓ∞. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Random } from '../base/random.ts'
import { type Layer, sizeOf } from '../model/layers.ts'
import { extremePoint, innerPoint, pointTowards } from '../region/ball-points.testing.ts'
import { norms } from '../region/norm.ts'
import { referenceDualBounds, referenceIntervalBounds, referencePrunedDualBounds } from '../reference/bounds.ts'
import { referenceDualPass } from '../reference/dual-pass.ts'
import { marginSpecification, referenceMargins, referencePrunedMargins } from '../reference/margins.ts'
import { referenceForward, referenceStages } from '../reference/stages.ts'
import { inputBall } from '../reference/input-ball.ts'

import { caseArbitrary, cases, engineBounds, kinds } from './round-balls.testing.ts'

const references = { interval: referenceIntervalBounds, paper: referenceDualBounds, pruned: referencePrunedDualBounds }

describe('bounds over ℓ2 and ℓ1 balls', () => {
  for (const kind of kinds) {
    cases(`equal the float64 reference, ${kind}`, (example) => {
      const { network, images, labels, epsilon, norm } = example
      engineBounds(example, kind, false).forEach(({ hidden, margins }, e) => {
        const ball = inputBall(images[e], { epsilon, norm })
        const expected = references[kind](network, ball)
        hidden.forEach((bounds, s) => {
          const tolerance = 1e-4 * Math.max(1, ...expected[s].lower.map(Math.abs), ...expected[s].upper.map(Math.abs))
          bounds.lower.forEach((l, j) => expect(Math.abs(l - expected[s].lower[j])).toBeLessThan(tolerance))
          bounds.upper.forEach((u, j) => expect(Math.abs(u - expected[s].upper[j])).toBeLessThan(tolerance))
        })
        if (kind === 'interval') return
        const ofMargins = kind === 'paper' ? referenceMargins : referencePrunedMargins
        const expectedMargins = ofMargins(network, labels[e], ball)
        const tolerance = 1e-4 * Math.max(1, ...expectedMargins.map(Math.abs))
        margins.forEach((m, t) => expect(Math.abs(m - expectedMargins[t])).toBeLessThan(tolerance))
      })
    })
  }

  cases('hold every sampled point, extreme ones too, at every neuron, and the float64 dual pass', (example) => {
    const { network, images, labels, epsilon, norm } = example
    const random = new Random(5, 'points')
    const stages = referenceStages(network)
    const outside: string[] = []
    for (const kind of kinds) {
      engineBounds(example, kind, true).forEach(({ hidden, margins }, e) => {
        const ball = inputBall(images[e], { epsilon, norm })
        const { centre } = ball
        const label = labels[e]
        const passes = Array.from(margins, (_, target) =>
          referenceDualPass(
            network,
            { coefficients: marginSpecification(stages, target, label), stage: stages.length - 1, bounds: hidden },
            ball,
          ),
        )
        const points = [
          ...Array.from({ length: 6 }, () => extremePoint(random, centre, epsilon, norm)),
          ...Array.from({ length: 3 }, () => innerPoint(random, centre, epsilon, norm)),
          ...passes.map(({ inputCoefficients }) => pointTowards(inputCoefficients, centre, epsilon, norm)),
        ]
        for (const point of points) {
          const values = referenceForward(network, point)
          hidden.forEach(({ lower, upper }, s) =>
            values[s].forEach((z, j) => {
              if (!(z >= lower[j] && z <= upper[j])) outside.push(`${kind} stage ${s} neuron ${j}: ${z}`)
            }),
          )
          const outputs = values.at(-1)!
          margins.forEach((m, t) => {
            if (!(m >= outputs[t] - outputs[label])) outside.push(`${kind} margin ${t}: ${m}`)
          })
        }
        if (kind !== 'paper') return
        margins.forEach((m, t) => {
          if (t !== label && !(m >= passes[t].upper)) outside.push(`margin ${t}: ${m} below ${passes[t].upper}`)
        })
      })
    }
    expect(outside).toEqual([])
  })

  cases('are exact where there is one affine layer: a point of the ball attains them', (example) => {
    const { images, labels, epsilon, norm } = example
    const { input } = example.network.architecture
    const layers: Layer[] = [{ kind: 'flatten' }, { kind: 'linear', outFeatures: 3 }]
    const random = new Random(9, 'affine')
    const parameters = Float32Array.from({ length: 3 * (sizeOf(input) + 1) }, () => random.normal())
    const network = { architecture: { name: 'affine', input, layers }, parameters }
    const affine = { ...example, network, labels: labels.map(() => 0) }
    const rigorous = engineBounds(affine, 'paper', true)
    engineBounds(affine, 'paper', false).forEach(({ margins }, e) => {
      for (const target of [1, 2]) {
        const inputs = sizeOf(input)
        const row = (o: number) => parameters.subarray(o * inputs, (o + 1) * inputs)
        const best = pointTowards(
          row(target).map((w, j) => w - row(0)[j]),
          images[e],
          epsilon,
          norm,
        )
        const outputs = referenceForward(network, best).at(-1)!
        const most = outputs[target] - outputs[0]
        expect(Math.abs(margins[target] - most)).toBeLessThan(1e-5 * Math.max(1, Math.abs(most)))
        expect(rigorous[e].margins[target]).toBeGreaterThanOrEqual(most)
      }
    })
  })

  it('are tighter the smaller the ball: ℓ1 in ℓ2 in ℓ∞', () => {
    fc.assert(
      fc.property(caseArbitrary(true), (example) => {
        const [linf, l2, l1] = norms.map((norm) => engineBounds({ ...example, norm }, 'interval', false))
        for (const [larger, smaller] of [
          [linf!, l2!],
          [l2!, l1!],
        ] as const) {
          smaller.forEach(({ margins }, e) =>
            margins.forEach((m, t) => expect(m).toBeLessThanOrEqual(larger[e].margins[t] + 1e-4 * (1 + Math.abs(m)))),
          )
        }
      }),
      { numRuns: 40, seed: 3 },
    )
  })

  it('do not lose squares that float32 cannot hold', () => {
    const layers: Layer[] = [{ kind: 'linear', outFeatures: 2 }]
    const input = { channels: 2, height: 1, width: 1 }
    for (const scale of [1e-25, 1e30]) {
      const parameters = Float32Array.of(3 * scale, 4 * scale, 0, 0, 0, 0)
      const network = { architecture: { name: 'hand-made', input, layers }, parameters }
      const example = { network, images: [new Float32Array(2)], labels: [1], epsilon: 1, norm: 'l2' as const }
      const [bounds] = engineBounds(example, 'paper', false)
      expect(bounds!.margins[0] / scale).toBeCloseTo(5, 5)
    }
  })
})
