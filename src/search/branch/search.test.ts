import { beforeAll, expect, test, vi } from 'vitest'
import { Deadline } from '../../base/deadline.ts'
import { Engine } from '../../device/wasm/engine.ts'
import { Random } from '../../base/random.ts'
import { withMargins } from '../../region/margins-graph.ts'
import { joinRows } from '../system/condensed.ts'
import { condense } from '../condense/condense.ts'
import { randomPoint, randomSystem, rowValues } from '../testing/milp.testing.ts'
import { bump } from '../testing/near-miss.testing.ts'
import { Search } from './search.ts'
import type { SubProblem } from './sub-problems.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

const later = (seconds = 30) => Deadline.in(1000 * seconds)

/** The root of a planted counterexample, and what the system's neurons are at it. */
function planted() {
  const { graph, question, place } = bump(new Random(40, 'bump'), 4, 2 ** -13, 1 + 2 ** -7)
  const { condensed } = condense(engine, withMargins(graph, question), question, { deadline: later() })
  const { inputs, neurons, start, source, weight, bias } = condensed
  const sources = [...place]
  const before = Array.from({ length: neurons }, (_, k) => {
    let z = bias[k]
    for (let e = start[k]; e < start[k + 1]; e++) z += weight[e] * sources[source[e]]
    sources[inputs + k] = Math.max(0, z)
    return z
  })
  /** Whether the counterexample is in a sub-problem. */
  const holds = ({ phases, cell }: SubProblem) =>
    before.every((z, k) => phases[k] * z >= -1e-12) &&
    place.every((x, i) => !cell || (cell.lower[i] <= x && x <= cell.upper[i]))
  return { condensed, holds }
}

test('a search that stops, for whatever reason, keeps what it has not settled', async () => {
  const { condensed, holds } = planted()
  // as if every so-many-th candidate were a counterexample, which it is not
  for (let stopAt = 1; stopAt <= 12; stopAt++) {
    const mark = engine.mark()
    let calls = 0
    const search = new Search(engine, condensed, { isCounterexample: () => ++calls % stopAt === 0 })
    search.addRoots(later())
    for (let rounds = 0; rounds < 3; rounds++) {
      await search.explore(later(0.05))
      search.point = undefined
      const open = search.takeOpen()
      expect(open.some(holds) || search.leastLeft <= 0, `stopped at candidate ${stopAt}`).toBe(true)
      // and again where every sub-problem is one for an LP
      search.add(open.map((problem) => ({ ...problem, stalled: 9 })))
    }
    search.close()
    engine.release(mark)
  }
})

test('a round that is cut off loses nothing', async () => {
  const { condensed, holds } = planted()
  const mark = engine.mark()
  const search = new Search(engine, condensed, { isCounterexample: () => false })
  search.addRoots(later())
  for (let round = 0; round < 40; round++) {
    await search.explore(later(0.002))
    const open = search.takeOpen()
    expect(open.some(holds) || search.leastLeft <= 0).toBe(true)
    // as a worker gets them
    search.add(structuredClone(open))
  }
  search.close()
  engine.release(mark)
})

test('a sub-problem whose LP meets the deadline stays open, also with nothing left to split', async () => {
  const { condensed } = planted()
  const mark = engine.mark()
  const search = new Search(engine, condensed, { isCounterexample: () => false })
  search.addRoots(later())
  const [root] = search.takeOpen()
  search.add([{ ...root!, next: -1 }])
  // every look at the clock is a second later: the deadline passes behind the search's own check
  let seconds = 0
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => 1000 * seconds++)
  await search.explore(new Deadline(2500))
  clock.mockRestore()
  expect(seconds).toBeGreaterThan(2)
  const open = search.takeOpen()
  expect(open.map(({ row, phases }) => ({ row, phases }))).toEqual([{ row: root!.row, phases: root!.phases }])
  expect(open[0].bound).toBeGreaterThanOrEqual(root!.bound)
  expect(search.leastLeft).toBe(Infinity)
  search.close()
  engine.release(mark)
})

test('an LP of a sub-problem that is stuck leaves open neurons open', async () => {
  // 0.4 − max(x, 0): least at x = 0.9; so many inputs that no box is halved
  const wide = (end: number) => new Float64Array(30).fill(end)
  const row = (bias: number, source: number, weight: number) => ({
    ...{ bias, error: 0, source: Int32Array.of(source), weight: Float64Array.of(weight) },
  })
  const parts = { lower: wide(-1), upper: wide(0.9), rows: [row(0, 0, 1)], neuronLower: [-1], neuronUpper: [0.9] }
  const condensed = joinRows(parts, [0], [row(0.4, 30, -1)])
  const mark = engine.mark()
  const search = new Search(engine, condensed, { isCounterexample: () => false })
  search.addRoots(later())
  search.add(search.takeOpen().map((problem) => ({ ...problem, stalled: 9 })))
  await search.explore(later())
  expect(search.leastLeft).toBeCloseTo(-0.5)
  search.close()
  engine.release(mark)
})

test('more cases than are bounded at once are all kept', () => {
  const { condensed } = planted()
  const mark = engine.mark()
  const cases = Array.from({ length: 20 }, () => condensed.cases[0])
  const search = new Search(engine, { ...condensed, cases }, { isCounterexample: () => false })
  search.addRoots(later())
  expect(search.takeOpen()).toHaveLength(20)
  search.close()
  engine.release(mark)
})

test('unsafe points stay in some open sub-problem, or are left, while kinds of splits are tried', async () => {
  let unsafe = 0
  for (let seed = 0; seed < 12; seed++) {
    const random = new Random(seed, 'unsafe')
    const system = randomSystem(random, { inputs: 3, neurons: 40, density: 0.5 })
    const mark = engine.mark()
    const search = new Search(engine, system, { isCounterexample: () => false })
    search.addRoots(later())
    await search.explore(later(0.05))
    const open = search.takeOpen()
    for (let i = 0; i < 300; i++) {
      const point = randomPoint(random, system)
      const values = rowValues(system, point)
      if (!(values[system.neurons] < -1e-6)) continue
      unsafe++
      const holds = ({ phases, cell }: SubProblem) =>
        phases.every((phase, k) => phase * values[k] >= -1e-12) &&
        point.every((x, j) => !cell || (cell.lower[j] <= x && x <= cell.upper[j]))
      // what is within rounding of 0 is only counted
      expect(search.leastLeft < Infinity || open.some(holds), `seed ${seed}`).toBe(true)
    }
    search.close()
    engine.release(mark)
  }
  expect(unsafe).toBeGreaterThan(50)
})
