import { expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import type { Graph } from '../../model/graph.ts'
import { denseMap } from '../../model/linear-map.ts'
import { BackwardRows } from './backward-rows.ts'
import { Engine } from './engine.ts'
import { TOGETHER } from './scatter.ts'

/** Whole numbers, so that sums are exact. */
const drawn = (random: Random, length: number) => Float64Array.from({ length }, () => random.integer(9) - 4)

/** A layer, and one that reads it and the inputs. */
function drawGraph(random: Random): Graph {
  const map = (outputs: number, inputs: number) => denseMap(drawn(random, outputs * inputs), outputs, inputs)
  const affine = (terms: { value: number; map: ReturnType<typeof denseMap> }[]) => ({
    ...{ kind: 'affine' as const, terms, bias: new Float64Array(terms[0]!.map.outputs) },
  })
  const nodes = [
    affine([{ value: 0, map: map(4, 3) }]),
    affine([
      { value: 1, map: map(2, 4) },
      { value: 0, map: map(2, 3) },
    ]),
  ]
  return { name: 'two layers', inputShape: [3], nodes }
}

test('rows reach the inputs by every way, and leave nothing behind', async () => {
  const engine = await Engine.create()
  const random = new Random(1, 'backward rows')
  const graph = drawGraph(random)
  const rows = new BackwardRows(engine, graph)
  for (let time = 0; time < 2; time++) {
    rows.reach(2)
    const start = drawn(random, 2 * TOGETHER)
    rows.coefficients(2).set(start)
    expect([0, 1, 2].map((value) => rows.isReached(value))).toEqual([false, false, true])
    rows.carry(1)
    rows.clear(2)
    // the memory grows on the way
    if (time === 0) engine.doubles(1_000_000)
    rows.carry(0)
    rows.clear(1)
    const found = rows.coefficients(0).slice()
    rows.clear(0)
    for (let r = 0; r < TOGETHER; r++) {
      const row = (values: Float64Array) => values.filter((_, i) => i % TOGETHER === r)
      const [below, expected] = [new Float64Array(4), new Float64Array(3)]
      const [first, second] = graph.nodes
      if (first?.kind !== 'affine' || second?.kind !== 'affine') throw new Error('not affine')
      second.terms[0]!.map.transposed(row(start), below)
      second.terms[1]!.map.transposed(row(start), expected)
      first.terms[0]!.map.transposed(below, expected)
      expect(row(found)).toEqual(expected)
    }
  }
})
