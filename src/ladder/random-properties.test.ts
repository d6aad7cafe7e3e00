/**
 * Random formulas about tiny networks from end to end: no verdict may be wrong, and no counterexample besides its file.
 * RANDOM_INSTANCES sets how many formulas.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatCounterexample } from '../region/counterexample.ts'
import { UserError } from '../base/errors.ts'
import { verifyQuestion } from './verify-question.ts'
import { type Property, parseVnnlib } from '../formats/vnnlib/property.ts'
import { type Written, decimal, fileOf, float64, formula, isStandIn } from '../formats/vnnlib/random-formula.testing.ts'
import { type Graph, evaluateGraph } from '../model/graph.ts'
import { denseMap } from '../model/linear-map.ts'
import { verifyProperty } from './verify-property.ts'

/** Two inputs, three ReLUs, two outputs; float64 evaluates it exactly at quarters. */
const network = fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 17, maxLength: 17 }).map((eighths): Graph => {
  const numbers = Float64Array.from(eighths, (n) => n / 8)
  const affine = (value: number, start: number, outputs: number, inputs: number) => ({
    kind: 'affine' as const,
    terms: [{ value, map: denseMap(numbers.slice(start, start + outputs * inputs), outputs, inputs) }],
    bias: numbers.slice(start + outputs * inputs, start + outputs * (inputs + 1)),
  })
  return {
    name: 'tiny',
    inputShape: [2],
    nodes: [affine(0, 0, 3, 2), { kind: 'relu', value: 1 }, affine(2, 9, 2, 3)],
  }
})

const FORMULAS = Number(process.env['RANDOM_INSTANCES'] ?? 300)
const MOST_CASES = 12
const grid = Array.from({ length: 17 * 17 }, (_, i) => [(i % 17) / 4 - 2, Math.floor(i / 17) / 4 - 2])

const isUnsafe = (graph: Graph, file: Written<boolean>, x: readonly number[]): boolean => {
  const y = evaluateGraph(graph, x).at(-1)!
  return file.at({ x: x.map(float64), y: Array.from(y, float64) })
}

/** Undefined for what is too large to be asked many times. */
function read(text: string): Property | undefined {
  try {
    const property = parseVnnlib(text, 'random')
    const cases = property.regions.flatMap(({ unsafe }) => unsafe)
    return cases.length <= MOST_CASES ? property : undefined
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}

test('no verdict is wrong, and every counterexample meets its file as it is printed', async () => {
  const seen: Record<string, number> = { sat: 0, unsat: 0, unknown: 0, timeout: 0 }
  await fc.assert(
    fc.asyncProperty(network, fc.array(formula, { minLength: 1, maxLength: 3 }), async (graph, formulas) => {
      const file = fileOf(formulas)
      const property = read(file.text)
      if (!property) return
      const { verdict, counterexample } = await verifyProperty(graph, property, verifyQuestion, {
        ...{ timeout: 1, seed: 0 },
      })
      seen[verdict]++
      if (verdict === 'unsat') expect(grid.some((x) => isUnsafe(graph, file, x))).toBe(false)
      if (!counterexample) return
      const printed = formatCounterexample(counterexample)
      const values = [...printed.matchAll(/\([XY]_\d (\S+?)\)/g)].map((match) => match[1])
      expect(values).toHaveLength(4)
      const [x, y] = [values.slice(0, 2), values.slice(2)]
      expect(Array.from(evaluateGraph(graph, x.map(Number)).at(-1)!, (value) => value + 0)).toEqual(y.map(Number))
      if (isStandIn(property.regions, x.map(Number))) return
      expect(file.at({ x: x.map(decimal), y: y.map(decimal) })).toBe(true)
    }),
    { numRuns: FORMULAS, seed: 11, endOnFailure: true },
  )
  expect(Math.min(seen['sat'], seen['unsat'])).toBeGreaterThan(FORMULAS / 5)
}, 600_000)
