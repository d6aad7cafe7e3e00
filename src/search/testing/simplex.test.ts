import loadHighs from 'highs'
import { expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { type LinearProgram, minimise } from './simplex.testing.ts'

// its types describe a CommonJS module, whose default export would be one level down
const highs = await (loadHighs as unknown as typeof loadHighs.default)()

function byHighs({ objective, rows, limits }: LinearProgram): { status: string; value: number } {
  const numCols = objective.length
  const numRows = rows.length
  const source = {
    ...{ numCols, numRows, colCost: Float64Array.from(objective), rowUpper: Float64Array.from(limits) },
    colLower: new Float64Array(numCols),
    colUpper: new Float64Array(numCols).fill(highs.infinity),
    rowLower: new Float64Array(numRows).fill(-highs.infinity),
    matrix: {
      ...{ format: 'csr' as const, numRows, numCols },
      starts: Int32Array.from({ length: numRows + 1 }, (_, r) => r * numCols),
      indices: Int32Array.from({ length: numRows * numCols }, (_, k) => k % numCols),
      values: Float64Array.from(rows.flatMap((row) => Array.from(row))),
    },
  }
  return highs.withModel(source, (model) => {
    model.options.set({ output_flag: false, presolve: 'off' })
    model.run()
    const { optimal, infeasible, unbounded } = highs.constants.modelStatus
    const status = new Map<number, string>([
      [optimal, 'optimal'],
      [infeasible, 'infeasible'],
      [unbounded, 'unbounded'],
    ])
    return { status: status.get(model.getModelStatus()) ?? 'other', value: model.getObjectiveValue() }
  })
}

/** Whole numbers make ties, degenerate corners and empty regions of one point common. */
function randomProgram(random: Random): LinearProgram {
  const [n, m] = [1 + random.integer(6), random.integer(12)]
  const whole = random.integer(2) === 0
  const number = () => (random.integer(4) === 0 ? 0 : whole ? random.integer(7) - 3 : random.normal())
  const draw = (length: number) => Float64Array.from({ length }, number)
  const box = random.integer(3) > 0 ? Array.from({ length: n }, (_, i) => new Float64Array(n).with(i, 1)) : []
  const rows = [...box, ...Array.from({ length: m }, () => draw(n))]
  const limits = Float64Array.from(rows, (_, r) => (r < box.length ? 1 : number() + Number(random.integer(2) === 0)))
  return { objective: draw(n), rows, limits }
}

test('agrees with HiGHS on random programs of every status', () => {
  const random = new Random(1, 'simplex')
  const seen = { optimal: 0, infeasible: 0, unbounded: 0 }
  for (let i = 0; i < 1500; i++) {
    const program = randomProgram(random)
    const ours = minimise(program)
    const theirs = byHighs(program)
    expect(ours.status, `program ${i}`).toBe(theirs.status)
    seen[ours.status]++
    if (ours.status === 'optimal') expect(ours.value, `program ${i}`).toBeCloseTo(theirs.value, 6)
  }
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(100)
})

test('degenerate programs that cycle without Bland’s rule end', () => {
  // Beale 1955
  const result = minimise({
    objective: [-0.75, 150, -0.02, 6],
    rows: [
      [0.25, -60, -0.04, 9],
      [0.5, -90, -0.02, 3],
      [0, 0, 1, 0],
    ],
    limits: [0, 0, 1],
  })
  expect(result.status === 'optimal' && result.value).toBeCloseTo(-0.05, 12)
})

test('a region of one point, and one just missed', () => {
  const program = (sum: number): LinearProgram => ({
    objective: [1, 2],
    rows: [
      [1, 1],
      [-1, -1],
      [1, -1],
      [-1, 1],
    ],
    limits: [1, -sum, 0, 0],
  })
  const result = minimise(program(1))
  expect(result.status === 'optimal' && result.value).toBeCloseTo(1.5, 12)
  expect(minimise(program(1 + 1e-8)).status).toBe('infeasible')
})
