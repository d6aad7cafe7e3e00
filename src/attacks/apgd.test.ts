import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { Engine } from '../device/wasm/engine.ts'
import { lengthIn } from '../region/ball-steps.ts'
import { norms } from '../region/norm.ts'
import { apgd, checkpointsOf } from './apgd.ts'
import { attackImages } from './attack-images.ts'
import { pgdOptions } from './attack.ts'
import { converse, line, victimIn } from './dialogue.testing.ts'
import { attackByEnsemble, ensembleOptions } from './ensemble.ts'
import { smallCase } from './random-dataset.testing.ts'
import { subjectOf } from './subject.testing.ts'

test('checkpoints are those of the paper', () => {
  expect([...checkpointsOf(100)]).toEqual([22, 41, 57, 70, 80, 87, 93, 99])
  expect([...checkpointsOf(10)]).toEqual([3, 5, 6, 7, 8, 9, 10])
  expect([...checkpointsOf(1)]).toEqual([1])
})

test('it comes close to a maximum inside of the ball, which steps of one size would jump over', () => {
  const goal = Float64Array.of(0.31, -0.17, 0.05, 0.26)
  // value: −‖u − goal‖²
  const network = {
    logits: (at: Float64Array) => Float64Array.of(-at.reduce((sum, x, i) => sum + (x - goal[i]!) ** 2, 0)),
    back: (at: Float64Array, [slope]: Float64Array) => at.map((x, i) => -2 * slope! * (x - goal[i]!)),
  }
  const value = ([z]: ArrayLike<number> & Iterable<number>, slopes: Float64Array) => ((slopes[0] = 1), z!)
  for (const norm of ['linf', 'l2'] as const) {
    const victim = victimIn(norm, line(4))
    const { inquiries, values } = converse(
      apgd(victim, (logits, slopes) => value(logits as Float64Array, slopes), {
        ...{ steps: 100, random: new Random(1, 'apgd') },
      }),
      network,
    )
    expect(inquiries).toHaveLength(101)
    expect(Math.max(...values)).toBeGreaterThan(-1e-3)
    expect(Math.max(...values.slice(0, 10))).toBeLessThan(-2e-3)
  }
})

test('all points lie in the ball and the box; the first one on the surface of the ball, unless the box cuts it', () => {
  const network = {
    logits: (at: Float64Array) => Float64Array.of(0, at[0]! - at[1]!),
    back: (at: Float64Array) => at.map((_, i) => (i === 0 ? 1 : i === 1 ? -1 : 0)),
  }
  for (const norm of norms) {
    for (const end of [Infinity, 0.3]) {
      const victim = victimIn(norm, line(9), { end })
      const loss = ([, z]: ArrayLike<number> & Iterable<number>) => z!
      const { inquiries } = converse(
        apgd(victim, (logits) => loss(logits as Float64Array), { steps: 30, random: new Random(2, 'apgd') }),
        network,
      )
      for (const { at } of inquiries) {
        expect(lengthIn(norm, at)).toBeLessThanOrEqual(1 + 1e-12)
        expect(lengthIn('linf', at)).toBeLessThanOrEqual(end)
      }
      if (end === Infinity) expect(lengthIn(norm, inquiries[0]!.at)).toBeCloseTo(1, 12)
      // of a linear function the best corner
      const last = inquiries.at(-1)!.at
      const most = norm === 'linf' ? 2 : norm === 'l2' ? Math.SQRT2 : 1
      expect(last[0]! - last[1]!).toBeCloseTo(Math.min(most, 2 * end), 1)
    }
  }
})

test('with as many steps it fools at least the images that PGD fools, and lowers the other margins further', async () => {
  const { network, dataset } = smallCase(0, 40)
  const subject = subjectOf(await Engine.create(), network, dataset)
  const all = Array.from({ length: dataset.count }, (_, i) => i)
  for (const [norm, epsilon] of [
    ['linf', 0.03],
    ['l2', 0.12],
  ] as const) {
    const ball = { epsilon, norm, domain: 'pixels' } as const
    const options = ensembleOptions(['apgd-ce'], { steps: 20 }, 0)
    const mine = attackByEnsemble(subject, all, options, ball).map(({ value }) => value.tried.margin)
    const pgd = all.map(
      (index) => attackImages(subject, [index], pgdOptions({ steps: 20 }, 'pixels', 0), ball)[0]!.margin,
    )
    // it ends where the network is fooled
    const worse = all.filter((i) => Math.min(0, pgd[i]!) < Math.min(0, mine[i]!) && mine[i]! > 0)
    expect(worse).toEqual([])
    const open = all.filter((i) => mine[i]! > 0 && pgd[i]! > 0)
    expect(open.length).toBeGreaterThan(5)
    const sum = (margins: readonly number[]) => open.reduce((total, i) => total + margins[i]!, 0)
    expect(sum(mine)).toBeLessThanOrEqual(sum(pgd))
  }
})
