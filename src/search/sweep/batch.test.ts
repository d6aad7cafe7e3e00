import { beforeAll, expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { Engine } from '../../device/wasm/engine.ts'
import { FREE, ON } from '../../model/phase.ts'
import { INPUTS, randomNeurons, randomState, reference, run } from '../testing/neurons.testing.ts'
import { row } from '../testing/rows.testing.ts'
import { Batch } from './batch.ts'
import { type SweptNeurons, System } from './system.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

/** Some systems, each with a batch whose rows have states of their own. */
function forCases(count: number, check: (given: ReturnType<typeof caseOf>) => void): void {
  for (let seed = 0; seed < count; seed++) {
    const mark = engine.mark()
    check(caseOf(seed))
    engine.release(mark)
  }
}

function caseOf(seed: number) {
  const random = new Random(seed, 'system')
  const system = randomNeurons(random, 1 + random.integer(9))
  const batch = new Batch(new System(engine, system), 16)
  const states = Array.from({ length: 16 }, (_, r) => {
    const state = randomState(random, system)
    const sign = r % 2 === 0 ? (1 as const) : (-1 as const)
    batch.setFunction(r, system.last, sign)
    state.phases.forEach((phase, k) => {
      const [lower, upper] = [system.neuronLower[k], system.neuronUpper[k]]
      batch.setNeuron(k, { phase, variable: state.variables[k], scale: 1, lower, upper }, r, r + 1)
    })
    return { ...state, sign }
  })
  return { random, system, batch, states }
}

test('bounds are those of the formula, less a little for rounding', () => {
  forCases(50, ({ system, batch, states }) => {
    const bounds = batch.bounds()
    states.forEach(({ sign, phases, variables }, r) => {
      const exact = reference(system, sign, phases, variables)
      expect(bounds[r]).toBeLessThanOrEqual(exact)
      expect(bounds[r]).toBeGreaterThan(exact - 1e-11 * (1 + Math.abs(exact)))
    })
  })
})

test('no point of the box that keeps to the splits is below its bound', () => {
  let [compared, violated] = [0, 0]
  forCases(50, ({ random, system, batch, states }) => {
    const bounds = batch.bounds().slice()
    for (let i = 0; i < 300; i++) {
      const input = system.lower.map((l, j) => random.between(l, system.upper[j]))
      const { z, value } = run(system, input)
      states.forEach(({ sign, phases }, r) => {
        if (phases.some((phase, k) => phase !== FREE && phase * z[k] < 0)) return
        compared++
        if (!(sign * value >= bounds[r])) violated++
      })
    }
  })
  expect(compared).toBeGreaterThan(1000)
  expect(violated).toBe(0)
})

test('each variable steps the way in which its bound grows, and stays in its range', () => {
  const moved = { slopes: 0, multipliers: 0 }
  forCases(50, ({ system, batch, states }) => {
    batch.bounds()
    const before = batch.variables.slice()
    batch.ascend(1e-7)
    const after = batch.variables.slice()
    states.forEach(({ sign, phases, variables }, r) =>
      phases.forEach((phase, k) => {
        const step = after[k * 16 + r] - before[k * 16 + r]
        const value = after[k * 16 + r]
        if (phase === ON) expect(value).toBeLessThanOrEqual(0)
        else expect(value).toBeGreaterThanOrEqual(0)
        const at = (change: number) =>
          reference(
            system,
            sign,
            phases,
            variables.map((v, j) => (j === k ? v + change : v)),
          )
        const slope = (at(1e-6) - at(-1e-6)) / 2e-6
        if (Math.abs(slope) < 1e-6 || step === 0) return
        moved[phase === FREE ? 'slopes' : 'multipliers']++
        expect(Math.sign(step)).toBe(Math.sign(slope))
      }),
    )
  })
  expect(Math.min(moved.slopes, moved.multipliers)).toBeGreaterThan(300)
})

test('ascent finds better bounds than it starts from, by slopes of at most 1', () => {
  let [better, rows] = [0, 0]
  forCases(30, ({ batch, states }) => {
    const start = batch.bounds().slice()
    const best = start.slice()
    for (let step = 0; step < 30; step++) {
      batch.ascend(0.1)
      const { variables } = batch
      states.forEach(({ phases }, r) =>
        phases.forEach((phase, k) => phase === FREE && expect(variables[k * 16 + r]).toBeLessThanOrEqual(1)),
      )
      batch.bounds().forEach((bound, r) => (best[r] = Math.max(best[r], bound)))
    }
    best.forEach((bound, r) => {
      rows++
      if (bound > start[r] + 1e-6) better++
    })
  })
  expect(better).toBeGreaterThan(rows / 2)
})

test('the attack runs the input where the bound is attained through the system', () => {
  forCases(20, ({ system, batch }) => {
    batch.bounds()
    const values = batch.attack()
    for (let r = 0; r < 16; r++) {
      const input = Float64Array.from({ length: INPUTS }, (_, i) => values[i * 16 + r])
      input.forEach((x, i) => expect(x >= system.lower[i] - 1e-12 && x <= system.upper[i] + 1e-12).toBe(true))
      run(system, input).z.forEach((z, k) => expect(values[(INPUTS + k) * 16 + r]).toBeCloseTo(Math.max(0, z), 10))
    }
  })
})

test('a copied row has the same bound', () => {
  forCases(10, ({ batch }) => {
    const other = new Batch(batch.system, 8)
    for (let r = 0; r < 8; r++) other.copyRow(r, batch, 15 - r)
    const bounds = batch.bounds().slice()
    other.bounds().forEach((bound, r) => expect(bound).toBe(bounds[15 - r]))
  })
})

test('a batch has whole vectors of rows', () => {
  const system = new System(engine, randomNeurons(new Random(1, 'rows'), 2))
  expect(() => new Batch(system, 12)).toThrow('a batch of 12 rows')
})

test('rows with boxes of their own have the bounds and points of these boxes', () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = new Random(seed, 'boxes')
    const system = randomNeurons(random, 9)
    const mark = engine.mark()
    const boxes = Array.from({ length: 8 }, () => {
      const lower = system.lower.map((l, i) => random.between(l, system.upper[i]))
      return { lower, upper: lower.map((l, i) => random.between(l, system.upper[i])) }
    })
    const batchOf = (neurons: SweptNeurons) => {
      const batch = new Batch(new System(engine, neurons), 8)
      for (let r = 0; r < 8; r++) batch.setFunction(r, system.last, 1)
      for (let k = 0; k < 9; k++) {
        const [lower, upper] = [neurons.neuronLower[k], neurons.neuronUpper[k]]
        batch.setNeuron(k, { phase: FREE, variable: 0.3, scale: 1, lower, upper })
      }
      return batch
    }
    const batch = batchOf({ ...system, ownBoxes: true })
    boxes.forEach((box, r) => batch.setBox(r, box))
    const alone = boxes.map((box) => {
      const other = batchOf({ ...system, ...box })
      return { bound: other.bounds()[0], values: other.attack().filter((_, at) => at % 8 === 0) }
    })
    const bounds = batch.bounds().slice()
    const values = batch.attack()
    alone.forEach((one, r) => {
      expect(bounds[r]).toBeCloseTo(one.bound, 9)
      one.values.forEach((value, s) => expect(values[s * 8 + r]).toBeCloseTo(value, 9))
    })
    // a copied row takes its box along
    const trial = batchOf({ ...system, ownBoxes: true })
    for (let r = 0; r < 8; r++) trial.copyRow(7 - r, batch, r)
    trial.bounds().forEach((bound, r) => expect(bound).toBeCloseTo(bounds[7 - r], 9))
    engine.release(mark)
  }
})

test('a neuron may have tighter bounds in some rows', () => {
  const parts = {
    ...{ lower: Float64Array.of(-2), upper: Float64Array.of(2), neuronLower: [-2], neuronUpper: [2] },
    rows: [{ bias: 0, source: Int32Array.of(0), weight: Float64Array.of(1), error: 0 }],
  }
  const mark = engine.mark()
  const batch = new Batch(new System(engine, parts), 8)
  // −h
  for (let r = 0; r < 8; r++) {
    batch.setFunction(r, { bias: 0, source: Int32Array.of(1), weight: Float64Array.of(-1), error: 0 }, 1)
  }
  const free = { phase: FREE, variable: 0, scale: 0 } as const
  batch.setNeuron(0, { ...free, lower: -2, upper: 2 })
  batch.setNeuron(0, { ...free, lower: -2, upper: 0 }, 1, 2)
  batch.setNeuron(0, { ...free, lower: -6, upper: 2 }, 2, 3)
  const bounds = [...batch.bounds().subarray(0, 4)]
  engine.release(mark)
  ;[-2, 0, -2, -2].forEach((bound, r) => expect(bounds[r]).toBeCloseTo(bound))
})

test('a row of a batch forgets the function before it', () => {
  const mark = engine.mark()
  const on = { rows: [row(0, { 0: 1 })], neuronLower: [1], neuronUpper: [2] }
  const batch = new Batch(new System(engine, { lower: Float64Array.of(1), upper: Float64Array.of(2), ...on }), 8)
  batch.setNeuron(0, { phase: FREE, variable: 0, scale: 0, lower: 1, upper: 2 })
  batch.setFunction(0, row(0, { 0: -3, 1: -5 }), 1)
  batch.setFunction(0, row(0, { 0: 1 }), 1)
  expect(batch.bounds()[0]).toBeCloseTo(1, 9)
  engine.release(mark)
})
