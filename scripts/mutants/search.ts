/** Faults in the exact answer: bounds in float64, condensed systems, the search, MILP, questions. */
import { mutantsOf, tests } from './mutant.ts'

export const search = [
  ...mutantsOf(
    'src/search/condense/substitution.ts',
    tests(
      'search/sweep/system',
      'search/condense/condense',
      'search/slopes',
      'ladder/agreement',
      'search/condense/residual',
      'search/condense/folding',
      'search/sweep/batch',
      'search/system/range',
    ),
    [
      ['+ this.#gamma * magnitude[o] + UNDERFLOW)', '+ UNDERFLOW)'],
      [
        'const widened = radius.map((r, o) => r + this.#gamma * magnitude[o] + UNDERFLOW)',
        'const widened = radius.map((r, o) => r + this.#gamma * magnitude[o])',
      ],
      ['error: this.#gamma * error[r] + UNDERFLOW,', 'error: UNDERFLOW,'],
      [
        'error: this.#gamma * error[r] + UNDERFLOW,',
        'error: this.#gamma * error[r],',
        "whoever reads a row's error adds UNDERFLOW again",
      ],
      ['if (l >= 0) return ON', 'if (l >= -1e-3) return ON'],
      ['if (upper[element] <= 0) return OFF', 'if (upper[element] <= 1e-3) return OFF'],
      [
        'this.lower.push(lower.map((l) => Math.max(l, 0)))',
        'this.lower.push(lower.map((l, j) => Math.max(l, upper[j] / 2, 0)))',
      ],
      ['this.upper.push(upper.map((u) => Math.max(u, 0)))', 'this.upper.push(upper.map((u) => Math.max(u * 0.99, 0)))'],
      ['bias[r] += c * node.bias[o]', 'bias[r] = c * node.bias[o]'],
      ['error[r] += Math.abs(c) * magnitude[o]', 'error[r] += c * magnitude[o]'],
      ['if (phase === OFF) return\n', 'if (phase === ON) return\n'],
      ['checkRange(magnitude)', ''],
      ['l.map((low, j) => (u[j] - low) / 2),', 'l.map((low, j) => (u[j] - low) / 2.0001),'],
      [
        'l.map((low, j) => Math.max(Math.abs(low), Math.abs(u[j]))),',
        'l.map((low, j) => Math.min(Math.abs(low), Math.abs(u[j]))),',
      ],
    ],
  ),
  ...mutantsOf(
    'src/search/condense/condense.ts',
    tests(
      'search/sweep/system',
      'search/condense/condense',
      'search/slopes',
      'ladder/agreement',
      'search/condense/residual',
      'search/system/range',
      'search/sweep/batch',
      'ladder/near-miss',
    ),
    [
      ['l[j] = better(settles ? l[j] : -Infinity, found.lower[c])', 'l[j] = found.lower[c]'],
      ['u[j] = -better(settles ? -u[j] : -Infinity, -found.upper[c])', 'u[j] = better(u[j], -found.upper[c])'],
      ['u[j] = -better(settles ? -u[j] : -Infinity, -found.upper[c])', 'u[j] = -better(-u[j], found.lower[c])'],
      [
        'if (!isUnstable(l[j], u[j])) return\n      rows.push(candidates[c])',
        'if (!(l[j] < 0 || u[j] > 0)) return\n      rows.push(candidates[c])',
      ],
      [
        'const isOpen = (c: number) => !(margins[c] > 0)',
        'const isOpen = (c: number) => !(margins[c] >= 0)',
        'a margin gives way to rounding, so that it is never 0',
      ],
    ],
  ),
  ...mutantsOf(
    'src/search/sweep/best-bounds.ts',
    tests(
      'search/sweep/best-bounds',
      'search/sweep/system',
      'search/condense/condense',
      'search/slopes',
      'ladder/agreement',
      'search/condense/residual',
      'ladder/near-miss',
    ),
    [
      ['other > bound && other < Infinity ? other : bound', 'other > bound ? other : bound'],
      ['const signed = ([1, -1] as const)', 'const signed = ([1, 1] as const)'],
      ['functions.map((row) => ({ row, sign: 1 })),', 'functions.map((row) => ({ row, sign: -1 })),'],
    ],
  ),
  ...mutantsOf(
    'src/search/sweep/lines.ts',
    tests(
      'search/sweep/system',
      'search/condense/condense',
      'search/slopes',
      'search/sweep/batch',
      'ladder/agreement',
      'search/condense/residual',
      'search/branch/cells',
      'ladder/near-miss',
      'search/system/range',
    ),
    [
      ['=> Number(u > -l)', '=> Number(u > -l) * 1.5'],
      ['number => u / (u - l)', 'number => (2 * u) / (u - l)'],
      ['Math.max(-slope * l, u * (1 - slope), Number.MIN_VALUE)', '-slope * l * 0.99'],
      [
        'Math.max(-slope * l, u * (1 - slope), Number.MIN_VALUE)',
        'Math.min(-slope * l, u * (1 - slope))',
        "the two differ by a rounding, which a row's slack covers many times",
      ],
    ],
  ),
  ...mutantsOf(
    'src/search/system/condensed.ts',
    tests(
      'search/system/condensed',
      'search/sweep/system',
      'search/condense/condense',
      'search/slopes',
      'search/condense/residual',
    ),
    [
      ['error: Float64Array.from(rows, ({ error }) => error),', 'error: new Float64Array(rows.length),'],
      ['  checkRange(weight)\n', ''],
    ],
  ),
  ...mutantsOf(
    'src/search/sweep/system.ts',
    tests(
      'search/sweep/system',
      'search/condense/condense',
      'search/slopes',
      'search/sweep/batch',
      'search/condense/residual',
      'ladder/agreement',
      'search/system/range',
      'region/linear-loss',
      'ladder/ball-agreement',
    ),
    [
      ['return error + this.#gamma * magnitude + UNDERFLOW', 'return this.#gamma * magnitude + UNDERFLOW'],
      ['return error + this.#gamma * magnitude + UNDERFLOW', 'return error + UNDERFLOW'],
      ['return error + this.#gamma * magnitude + UNDERFLOW', 'return error + this.#gamma * magnitude'],
      [
        'Math.max(upper[i] - c, c - lower[i]) * (1 + 2 * UNIT)',
        'Math.min(upper[i] - c, c - lower[i]) * (1 + 2 * UNIT)',
        'the two differ by a rounding, which the slack of every row covers many times',
      ],
      ['* (1 + 2 * UNIT)', ''],
      ['radius: ball || ownBoxes ? nothing : reach,', 'radius: reach,'],
      ['this.#largest[i] = Math.abs(c) + reach[i]', 'this.#largest[i] = Math.abs(c)'],
      ['Math.max(0, neuronUpper[k])', '0'],
    ],
  ),
  ...mutantsOf('src/device/wasm/swept-system.ts', tests('region/linear-loss', 'ladder/ball-agreement'), [
    [
      'below.some((reach, i) => reach < radius || above[i] < radius)',
      'below.every((reach, i) => reach < radius || above[i] < radius)',
    ],
  ]),
  ...mutantsOf('src/device/wasm/backward-rows.ts', tests('search/condense/condense', 'ladder/agreement'), [
    ['this.#coefficients[value]!.view.fill(0)', 'this.#coefficients[value]!.view.fill(0, this.#sizes[value])'],
  ]),
  ...mutantsOf(
    'src/device/wasm/sweep-batch.ts',
    tests('search/sweep/batch', 'ladder/agreement', 'search/branch/search'),
    [
      ['= sign * weight[e]', '= weight[e]'],
      ['copy(this.#constant, from.#constant, 1)', ''],
      ['copy(this.#intercept, from.#intercept, neurons)', ''],
      [
        'for (let s = 0, at = (this.#own >> 3) + r; s < inputs + neurons; s++, at += this.rows) f64[at] = 0',
        'for (let s = 0, at = (this.#own >> 3) + r; s < inputs; s++, at += this.rows) f64[at] = 0',
      ],
    ],
  ),
  ...mutantsOf(
    'src/search/sweep/batch.ts',
    tests(
      'search/sweep/system',
      'search/condense/condense',
      'search/slopes',
      'search/sweep/batch',
      'ladder/agreement',
      'search/branch/search',
      'search/condense/residual',
      'ladder/near-miss',
      'search/system/range',
    ),
    [
      ['const constant = sign * bias - this.system.slackOf(row)', 'const constant = sign * bias'],
      ['const constant = sign * bias -', 'const constant = bias -'],
      [
        'const slope = unstable ? upperSlope(lower, upper) : on ? 1 : 0',
        'const slope = unstable ? upperSlope(lower, upper) : on ? 1 : 1',
      ],
      ['const on = phase === ON || (phase === FREE && lower >= 0)', 'const on = phase === ON || phase === FREE'],
      ['const moves = unstable || phase !== FREE', 'const moves = unstable || phase === ON'],
    ],
  ),
  ...mutantsOf(
    'src/search/slopes.ts',
    tests(
      'search/sweep/system',
      'search/condense/condense',
      'search/slopes',
      'search/condense/residual',
      'ladder/agreement',
      'ladder/near-miss',
      'search/system/range',
    ),
    [
      ['error: (error + rounding * magnitude) * (1 + rounding) + UNDERFLOW,', 'error,'],
      [
        'error: (error + rounding * magnitude) * (1 + rounding) + UNDERFLOW,',
        'error: rounding * magnitude * (1 + rounding) + UNDERFLOW,',
      ],
      ['error += Math.abs(weight) * inner.error', ''],
      ['magnitude += Math.abs(weight) * largest(source)', 'magnitude += 0'],
      ['else if (neuronLower[k] >= 0) {', 'else {'],
      ['bias += weight * inner.bias\n', ''],
      [
        'neuronUpper[first + i] = -better(-neuronUpper[first + i], -found.upper[i])',
        'neuronUpper[first + i] = -better(-neuronUpper[first + i], found.lower[i])',
      ],
      [
        'const isOpen = (k: number) => isUnstable(neuronLower[k], neuronUpper[k])',
        'const isOpen = (k: number) => neuronLower[k] < -1e-3 && neuronUpper[k] > 1e-3',
      ],
      ['.filter((i) => !(margins[root.open[i]] > 0))', '.filter((i) => !(margins[root.open[i]] > -1e-3))'],
    ],
  ),
  ...mutantsOf('src/region/linear-loss.ts', tests('region/linear-loss', 'ladder/ball-agreement'), [
    [
      "return Math.min(box, radius * (norm === 'l1' ? most : Math.sqrt(squares)) + rest)",
      "return Math.min(box, radius * (norm === 'l1' ? most : Math.sqrt(squares)))",
    ],
    [
      'const reaches = coefficients.map((c, j) => (c > 0 ? below[j] : above[j]))',
      'const reaches = coefficients.map((c, j) => (c > 0 ? above[j] : below[j]))',
    ],
    ['const up = 1 + 2 ** -52', 'const up = 1 - 2 ** -40'],
    ['left -= reaches[j]\n', 'left -= 2 * reaches[j]\n'],
  ]),
  ...mutantsOf('src/region/region.ts', tests('region/region', 'ladder/ball-agreement', 'region/counterexample'), [
    ['return clamped(shrinkIntoBall(ball, clamped(point)))', 'return clamped(point)'],
    ['  (1 + (point.length + 16) * 2 ** -52)', '  (1 - (point.length + 1e9) * 2 ** -52)'],
  ]),
  ...mutantsOf('src/search/system/range.ts', tests('search/system/range'), [
    ['if (!(Math.abs(values[i]) <= LARGEST))', 'if (Math.abs(values[i]) > Infinity)'],
    ['if (!(Math.abs(values[i]) <= LARGEST))', 'if (Math.abs(values[i]) > LARGEST)'],
  ]),
  ...mutantsOf(
    'src/search/milp/safe-bound.ts',
    tests(
      'search/milp/safe-bound',
      'search/milp/lp',
      'search/milp/solve-milp',
      'search/sweep/system',
      'search/condense/condense',
      'search/slopes',
      'ladder/agreement',
    ),
    [
      ['const weight = Math.max(weights[i], 0)', 'const weight = weights[i]'],
      [
        'if (!ball) value += c > 0 ? c * lower[j] : c * upper[j]',
        'if (!ball) value += c > 0 ? c * upper[j] : c * lower[j]',
      ],
      [
        'const atOn = phases[k] === OFF ? 0 : (coefficients[inputs + k] - y) * u',
        'const atOn = phases[k] > 0 ? 0 : (coefficients[inputs + k] - y) * u',
      ],
      ['const atOff = phases[k] === ON ? 0 : y * -l', 'const atOff = phases[k] < 0 ? 0 : y * -l'],
      ['value += Math.min(0, atOn, atOff)', 'value += Math.min(atOn, atOff)'],
      ['const bound = value - slack - (1 + 1e-9) * sums.error', 'const bound = value - (1 + 1e-9) * sums.error'],
      ['const bound = value - slack - (1 + 1e-9) * sums.error', 'const bound = value - slack'],
      ['+ UNDERFLOW * reach * roundings', ''],
      [
        'bound / total - Math.abs(bound / total) * roundings * UNIT',
        'bound / total',
        'the slack counts sixteen roundings more than there are',
      ],
      ['magnitude += magnitudes[j] * most * (ball ? 3 : 1)', ''],
      ['magnitude += (magnitudes[inputs + k] + Math.abs(y)) * u + Math.abs(y) * -l', ''],
      ['Number.isFinite(scaled) && magnitude < Number.MAX_VALUE ? scaled : -Infinity', 'scaled'],
      ['this.error += Math.abs(multiplier) * error[row]', 'this.error += multiplier * error[row]'],
      ['coefficients[source[i]] += term', 'coefficients[source[i]] = term'],
      ['this.value += multiplier * bias[row]', 'this.value -= multiplier * bias[row]'],
      ['sums.add(k, multipliers[k])', 'sums.add(k, Math.max(0, multipliers[k]))'],
    ],
  ),
  ...mutantsOf(
    'src/search/milp/lp.ts',
    tests(
      'search/milp/safe-bound',
      'search/milp/lp',
      'search/milp/solve-milp',
      'search/sweep/system',
      'search/condense/condense',
      'search/slopes',
      'ladder/agreement',
    ),
    [
      ['return infeasible && this.#isEmpty() ?', 'return infeasible ?'],
      [
        'const proves = (y: Float64Array) => safeBound(this.#system, this.#phases, noRows, y) > 0',
        'const proves = (y: Float64Array) => safeBound(this.#system, this.#phases, noRows, y) >= 0',
        'a bound gives way to rounding, so that it is never 0',
      ],
      [
        'const bound = safeBound(this.#system, this.#phases, { rows: this.#rows, weights }, rowDual)',
        'const bound = this.#model.getObjectiveValue()',
      ],
      ['this.#phases.set(phases)', ''],
      ['const weights = this.#rows.length === 1 ? [1] : rowDual.subarray(2 * neurons)', 'const weights = [1]'],
    ],
  ),
  ...mutantsOf(
    'src/search/milp/encoding.ts',
    tests(
      'search/milp/safe-bound',
      'search/milp/lp',
      'search/milp/solve-milp',
      'search/sweep/system',
      'search/condense/condense',
      'search/slopes',
      'ladder/agreement',
    ),
    [['put(inputs + neurons + k, -1)', 'put(inputs + neurons + k, 1)']],
  ),
  ...mutantsOf('src/region/question.ts', tests('region/counterexample', 'region/question'), [
    ['return constraint.strict ? by < 0 : by <= 0', 'return by <= 0'],
    ['return constraint.strict ? by < 0 : by <= 0', 'return by < 0'],
  ]),
  ...mutantsOf('src/region/image-question.ts', tests('region/image-question'), [
    ['.filter((target) => target !== label)', '.filter((target) => target > label)'],
  ]),
  ...mutantsOf('src/region/counterexample.ts', tests('region/counterexample'), [
    [
      'if (!isUnsafe(question, outputs) || asked?.holds(input, outputs) === false) return undefined',
      'if (!isUnsafe(question, outputs)) return undefined',
    ],
    [
      'if (!isUnsafe(question, outputs) || asked?.holds(input, outputs) === false) return undefined',
      'if (asked?.holds(input, outputs) === false) return undefined',
    ],
    [
      'if (!inBox || (ball && !(distanceIn(ball, input) <= ball.radius))) return undefined',
      'if (!inBox) return undefined',
    ],
    [
      'if (!inBox || (ball && !(distanceIn(ball, input) <= ball.radius))) return undefined',
      'if (ball && !(distanceIn(ball, input) <= ball.radius)) return undefined',
    ],
  ]),
  ...mutantsOf('src/region/margins-graph.ts', tests('region/margins-graph', 'ladder/agreement'), [
    [
      'weight: Float64Array.from(firsts.flatMap(() => [-1, 1])),',
      'weight: Float64Array.from(firsts.flatMap(() => [1, -1])),',
    ],
    ['for (let i = 0; i < length; i += 2) {', 'for (let i = 0; i + 1 < length || i === 0; i += 2) {'],
    [
      'bias: Float64Array.from(constraints, ({ bound }) => -bound),',
      'bias: Float64Array.from(constraints, ({ bound }) => bound),',
    ],
  ]),
]
