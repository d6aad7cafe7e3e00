/** Faults in how a question is answered: intervals, cases that are closed, boxes together, sub-problems, turns, limits. */
import { mutantsOf, tests } from './mutant.ts'

export const verify = [
  ...mutantsOf('src/search/condense/measured-sum.ts', tests('search/condense/measured-sum'), [
    ['+ productError(a, b, product)', ''],
    ['Math.abs(sumError(value, product, sum)) + ', ''],
    ['if (!isFloat32(a)) error += rounded * Math.abs(product)', ''],
    ['isFloat32(value) ? 0 : this.#rounded * Math.abs(value)', '0'],
    ['const b = a > 0 ? whenPositive', 'const b = a < 0 ? whenPositive'],
    ['const less = value - error * (1 + 2 ** -30)', 'const less = value + error'],
    ['return less - Math.abs(less) * 2 ** -52 - Number.MIN_VALUE', 'return less'],
    ['-lessBy(-this.#value, this.#error)', 'lessBy(this.#value, this.#error)'],
  ]),
  ...mutantsOf('src/base/exact.ts', tests('search/condense/measured-sum'), [
    ['if (a === 0 || b === 0) return 0', 'if (a === 0 || b === 0 || product === 0) return 0'],
    ['return Math.abs(product) * 2 ** -52 + Number.MIN_VALUE', 'return 0'],
    [' + aLow * bHigh', ''],
    ['const part = sum - a', 'const part = sum - b'],
  ]),
  ...mutantsOf('src/search/condense/output-bounds.ts', tests('search/presolve', 'search/narrow'), [
    ['low.addRow(rows, o, lower, upper)', 'low.addRow(rows, first, end, lower, lower)'],
    ['upper: ends.upper.map((u) => Math.max(u, 0))', 'upper: ends.upper.map((u) => Math.min(u, 0))'],
    ['high.start(bias[o])', 'high.start(0)'],
  ]),
  ...mutantsOf('src/model/linear-map.ts', tests('search/presolve', 'search/narrow'), [['    unit[o] = 0\n', '']]),
  ...mutantsOf('src/search/presolve.ts', tests('search/presolve', 'search/narrow', 'ladder/verify-question'), [
    ['? lower[n] >= 0 : lower[n] > 0', '? lower[n] >= 0 : lower[n] >= 0'],
    ['? lower[n] >= 0 : lower[n] > 0', '? lower[n] > 0 : lower[n] > 0'],
    ['if (failing.length > 0) {', 'if (failing.length > 1) {'],
    ['? upper[n] < 0 : upper[n] <= 0', '? upper[n] <= 0 : upper[n] <= 0'],
    ['? upper[n] < 0 : upper[n] <= 0', '? lower[n] < 0 : lower[n] <= 0'],
    ['may.length > 0 ? may : numbers.slice(0, 1)', 'may'],
    ['margin = Math.min(margin, largest(failing, lower))', 'margin = largest(failing, lower)'],
    ['    cases.push(c)\n', '    cases.unshift(c)\n'],
    ['Math.max(Math.abs(l), Math.abs(outputs.upper[i]))', 'Math.abs(l)'],
    ['bound + error * (1 + 2 ** -30)', 'bound - error * (1 + 2 ** -30)'],
    ['return { coefficients, bound: raised, strict }', 'return { coefficients, bound, strict }'],
  ]),
  ...mutantsOf('src/search/narrow.ts', tests('search/narrow', 'ladder/verify-question'), [
    ['(m) => -m)', '(m) => m)'],
    ['  coefficients: coefficients.map((c) => -c),\n', '  coefficients,\n'],
    ['const closed = Math.min(before.closed, margin)', 'const closed = margin'],
    ['least = Math.min(least, largest(own, lower))', 'least = largest(own, lower)'],
    ['let [least, next] = [closed, 0]', 'let [least, next] = [Infinity, 0]'],
    ['const cases = left.map((c) => before.cases[c])', 'const cases = left'],
    ['const wide = widened(asked, outputs)', 'const wide = asked'],
    ['let next = root.condensed.neurons', 'let next = root.condensed.neurons - 1'],
  ]),
  ...mutantsOf('src/search/many.ts', tests('search/many'), [
    ['lower[i] = Math.min(lower[i], question.lower[i])', 'lower[i] = Math.max(lower[i], question.lower[i])'],
    ['upper[i] = Math.max(upper[i], question.upper[i])', ''],
    ['closed: Math.min(before.closed, closed)', 'closed'],
    ['const stays = new Set(open.map((i) => asked[i]))', 'const stays = new Set(open)'],
    ["strict ? '<' : '<=', bound", "strict ? '<' : '<='"],
    ['.filter((i) => values[i] !== 0)', '.filter((i) => values[i] > 0)'],
    ['    open.length === 0 ? {', '    open.length <= 1 ? {'],
  ]),
  ...mutantsOf('src/search/branch/frontier.ts', tests('search/branch/frontier'), [
    ['this.#open = [...this.#open, ...done', 'this.#open = [...done'],
    ['this.#least = Math.min(this.#least, least)', 'this.#least = least'],
    ['this.#leastLeft = Math.min(this.#leastLeft, leastLeft)', ''],
    ['return Math.min(this.#least, this.#leastLeft, this.worst)', 'return Math.min(this.#least, this.#leastLeft)'],
    ['toSorted((a, b) => a.bound - b.bound)', 'toSorted((a, b) => b.bound - a.bound)'],
    ['this.#open.splice(0, SHARE * shares.length)', 'this.#open.splice(0)'],
    ['shares[i % shares.length].push(problem)', 'shares[0].push(problem)'],
    ['if (this.#leastLeft === Infinity) return', 'if (this.#least > 0) return'],
  ]),
  ...mutantsOf('src/search/branch/turns.ts', tests('search/branch/turns'), [
    [
      "if (result.verdict !== 'undecided') return { result, method }",
      "if (result.verdict === 'vulnerable') return { result, method }",
    ],
    ['turn *= 2', 'turn *= 1'],
    ['best = Math.max(best, result.bound)', ''],
  ]),
  ...mutantsOf(
    'src/search/branch/search.ts',
    tests('search/branch/search', 'search/branch/halving', 'ladder/near-miss', 'ladder/agreement'),
    [
      ['const isCutOff = deadline.isOver()', 'const isCutOff = false'],
      [
        'for (const problem of problems) this.#open.push(problem)',
        'for (const problem of problems.slice(1)) this.#open.push(problem)',
      ],
      ['if (best > 0) {', 'if (best > -1e-2) {'],
      ['else this.leastLeft = Math.min(this.leastLeft, best)', ''],
      ['      if (open) this.#open.push(open)\n', '      if (open && open.bound < -1) this.#open.push(open)\n'],
      ['neuronLower[k] >= 0 ? ON', 'neuronLower[k] >= 0 ? OFF'],
    ],
  ),
  ...mutantsOf(
    'src/search/branch/splits.ts',
    tests('search/branch/halving', 'search/branch/search', 'search/branch/cells', 'ladder/agreement'),
    [
      ['const open = ([ON, OFF] as const)', 'const open = ([ON] as const)'],
      ['    variables[next] = 0\n', ''],
      ['halves.flatMap(({ cell, bound }) =>\n    bound > 0 ?', 'halves.flatMap(({ cell, bound }) =>\n    bound > -1 ?'],
      [
        'halvesOf(whole).map((half) => within(half, whole))',
        'halvesOf(whole).slice(1).map((half) => within(half, whole))',
      ],
    ],
  ),
  ...mutantsOf(
    'src/search/branch/sub-problems.ts',
    tests('search/branch/halving', 'search/branch/search', 'ladder/near-miss', 'ladder/agreement'),
    [
      [
        'problems.flatMap((_, r) => (best[r] > 0 ? [] : [r]))',
        'problems.flatMap((_, r) => (best[r] > -1e-3 ? [] : [r]))',
      ],
      [
        'bounded.push(...this.#together(problems.slice(i, i + ROWS), effort, deadline))',
        'if (i === 0) bounded.push(...this.#together(problems.slice(i, i + ROWS), effort, deadline))',
      ],
      ['return cell ?? this.#condensed', 'return this.#condensed'],
    ],
  ),
  ...mutantsOf('src/ladder/steps/complete.ts', tests('ladder/agreement', 'ladder/limits', 'search/system/range'), [
    ['(margin > 0 ? Math.min(least, margin) : least), Infinity)', '(margin > 0 ? Math.max(least, margin) : least), 0)'],
  ]),
  ...mutantsOf('src/search/undecided.ts', tests('ladder/agreement', 'ladder/limits', 'search/system/range'), [
    ["if (error instanceof TimeIsUp) return 'timeout'", "if (error instanceof TimeIsUp) return 'precision'"],
  ]),
  ...mutantsOf(
    'src/search/milp/solve-milp.ts',
    ['src/search/milp/solve-milp.test.ts'],
    [
      [
        'if (neuron === undefined) this.#least = Math.min(this.#least, bound)\n',
        'if (neuron === undefined) continue\n',
      ],
      ['const bound = Math.max(node.bound, result.bound)', 'const bound = Math.max(0, result.bound)'],
      ['nodes.push(fixed(node, neuron, far, bound), fixed(', 'nodes.push(fixed('],
      ["if (!complete) return { verdict: 'undecided', bound, reason: 'timeout' }", ''],
      ['this.#begun < cases.length && (await', 'this.#begun + 1 < cases.length && (await'],
    ],
  ),
  ...mutantsOf('src/attacks/graph-attack.ts', tests('attacks/graph-attack'), [
    ['value - 0.5 * size', 'value + 0.5 * size'],
    ['margins.some((margin) => margin <= 0) && accept(x)', 'accept(x)'],
  ]),
  ...mutantsOf('src/attacks/sample.ts', tests('attacks/sample'), [
    ['(corner >> j) & 1 ? upper[j] : l', '(corner >> j) & 1 ? upper[j] : upper[j]'],
    ['if (lower.length > FEW) return', ''],
  ]),
  ...mutantsOf('src/ladder/verify-question.ts', tests('ladder/verify-question', 'ladder/agreement'), [
    ['if (intervals.question.unsafe.length === 0)', 'if (intervals.question.unsafe.length <= 1)'],
    ['if (margins.condensed.cases.length === 0)', 'if (margins.condensed.cases.length <= 1)'],
    ['closed = Math.min(closed, margins.closed)', 'closed = margins.closed'],
    ['robust(method, Math.min(closed, result.margin))', 'robust(method, result.margin)'],
    ["if (result.verdict === 'vulnerable') return vulnerable(method, this.#try(result.point)!)", ''],
    ['return runCandidate(this.#graph, this.#question, point)', 'return { point, outputs: point, distance: 0 }'],
  ]),
  ...mutantsOf(
    'src/search/branch/parallel-search.ts',
    tests('search/branch/frontier', 'ladder/near-miss', 'ladder/limits', 'ladder/agreement'),
    [
      ['      this.#frontier.take([{ least, leastLeft, count, open: search.takeOpen() }])\n', ''],
      ["if (left <= 0) return { verdict: 'undecided', bound, reason: 'timeout' }", ''],
      ['if (found) return', 'if (!found) return'],
      ['this.#frontier.take(results)', 'this.#frontier.take(results.slice(1))'],
    ],
  ),
  ...mutantsOf(
    'src/ladder/verify-property.ts',
    ['src/ladder/verify-property.test.ts'],
    [
      ["(outcome.verdict === 'undecided' && outcome.reason === 'timeout')", "outcome.verdict === 'undecided'"],
      ['tryAll(graph, regions, options) : undefined', 'undefined : undefined'],
      ['bound = Math.min(bound, outcome.margin)', 'bound = outcome.margin'],
      ["const why = outcome?.verdict === 'undecided' ? outcome.reason : 'timeout'", 'const why = undefined'],
      ["if (outcome.verdict === 'vulnerable') return sat(graph, regions[i], outcome)", ''],
    ],
  ),
  ...mutantsOf(
    'src/node/properties/limited.ts',
    ['src/node/properties/limited.test.ts'],
    [
      ['      await this.close()\n      if (error === OVERRUN)', '      if (error === OVERRUN)'],
      ['this.#crew.run(job, 1, limit.signal)', 'this.#crew.run(job, 1)'],
    ],
  ),
]
