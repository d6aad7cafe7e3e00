/** Faults in searches that halve boxes: cells, splits, the choice between them. */
import { mutantsOf, tests } from './mutant.ts'

export const cells = [
  ...mutantsOf(
    'src/search/branch/cells.ts',
    tests('search/branch/cells', 'search/branch/halving', 'search/branch/search'),
    [
      ['{ lower: lower.with(axis, middle), upper },', ''],
      ['{ lower: lower.with(axis, middle), upper },', '{ lower: lower.with(axis, upper[axis]), upper },'],
      ['{ lower, upper: upper.with(axis, middle) },', '{ lower, upper: upper.with(axis, lower[axis]) },'],
      [
        'if (!(middle > lower[axis] && middle < upper[axis])) continue',
        'if (!(middle >= lower[axis] && middle <= upper[axis])) continue',
      ],
      ['const neuronLower = parent.neuronLower.slice()', 'const neuronLower = parent.neuronLower'],
      ['-better(-neuronUpper[k], -ends.most)', '-better(-neuronUpper[k], -ends.least)'],
      ['(phase === ON && u < 0)', '(phase === ON && l < 0)'],
      ['(phase === OFF && l > 0)', '(phase === OFF && u > 0)'],
      ['if (phase === OFF || (phase === FREE && u <= 0))', 'if (phase === OFF || (phase === FREE && l <= 0))'],
      ['else if (phase === ON || l >= 0) {', 'else if (phase !== OFF) {'],
      ['if (!wasUnstable) this.#makeForm(k, k)\n', ''],
      ['    this.#count = 0\n    for', '    for'],
      ['radius[i] = Math.max(upper[i] - centre[i]', 'radius[i] = 0.99 * Math.max(upper[i] - centre[i]'],
      ['this.#largest[this.#system.inputs + t] = u', 'this.#largest[this.#system.inputs + t] = 0'],
      [
        'return this.#error[k] + this.#gamma * this.#magnitude[k] + UNDERFLOW',
        'return this.#gamma * this.#magnitude[k] + UNDERFLOW',
      ],
      [
        'return this.#error[k] + this.#gamma * this.#magnitude[k] + UNDERFLOW',
        'return this.#error[k] + UNDERFLOW',
        "a form's own error, charged with a factor of 4 to spare, covers the sweep's as well",
      ],
      ['bias += w * this.#bias[j]\n', ''],
      ['error += size * this.#error[j]\n', ''],
      [
        'magnitude += size * this.#magnitude[j]\n',
        '',
        'errors of the neurons on the way, charged with a factor of 4 to spare, cover these sums as well',
      ],
      ['(error + this.#rounding * magnitude)', 'error'],
    ],
  ),
  ...mutantsOf('src/device/wasm/forms.ts', tests('search/branch/cells', 'search/branch/halving'), [
    ['form.fill(0, 0, length + (length & 1))', 'form.fill(0, 0, length)'],
  ]),
  ...mutantsOf('src/device/wasm/assembly/forms.ts', tests('search/branch/cells', 'search/branch/halving'), [
    ['f64x2.replace_lane(f64x2.splat(value), 1, -value)', 'f64x2.splat(value)'],
    [
      'f64x2.sub(f64x2.replace_lane(f64x2.splat(bias), 1, -bias), f64x2.splat(slack))',
      'f64x2.replace_lane(f64x2.splat(bias), 1, -bias)',
    ],
    ['up = f64x2.gt(hat, zero)', 'up = f64x2.lt(hat, zero)'],
    ['f64x2.min(hat, zero)', 'f64x2.max(hat, zero)'],
    ['bound = f64x2.sub(bound, f64x2.mul(v128.load64_splat(<usize>s.slack + at), f64x2.abs(value)))', ''],
    ['bound = f64x2.sub(bound, f64x2.mul(v128.load64_splat(<usize>s.radius + at), f64x2.abs(value)))', ''],
    ['t-- > 0;', 't-- > 1;'],
  ]),
  ...mutantsOf(
    'src/search/branch/splits.ts',
    tests('search/branch/halving', 'search/branch/search', 'ladder/agreement'),
    [
      ['[ON, OFF] as const', '[ON, ON] as const'],
      ['variables[next] = 0\n', ''],
      ['bound > 0 ? [] : [{', 'bound > -1e-2 ? [] : [{'],
      ['const halves = halvesOf(whole)', 'const halves = halvesOf(whole).slice(0, 1)'],
      [
        'within(half, whole)',
        'within(half, { neuronLower: whole.neuronLower.map((l) => l / 2), neuronUpper: whole.neuronUpper })',
      ],
    ],
  ),
  ...mutantsOf(
    'src/search/branch/search.ts',
    tests('search/branch/search', 'search/branch/halving', 'ladder/agreement', 'ladder/near-miss'),
    [
      ['if (open) this.#open.push(open)', 'if (open && open.bound < -1e-2) this.#open.push(open)'],
      ['leaves.push(...sides.filter((_, i) => i !== next))', ''],
      ['if (worst) leaves.push({ bound: worst.bound, open: worst })', ''],
      ['const next = sides.findIndex(({ open }) => open)', 'const next = 0'],
      ['    this.#keep(leaves)\n', ''],
      ['neuronUpper[k] <= 0 ? OFF', 'neuronUpper[k] <= 1 ? OFF'],
      ['neuronLower[k] >= 0 ? ON', 'neuronLower[k] >= -1 ? ON'],
    ],
  ),
  ...mutantsOf('src/search/sweep/batch.ts', tests('search/sweep/batch', 'search/branch/halving'), [
    ['Math.abs(value) * this.#radius[at]', '0.99 * Math.abs(value) * this.#radius[at]'],
    ['this.#radius[at] = from.#radius[other]', ''],
    ['this.#centre[at] - Math.sign(value)', 'this.#centre[at] + Math.sign(value)'],
  ]),
  ...mutantsOf('src/search/sweep/system.ts', tests('search/sweep/batch', 'search/branch/halving'), [
    ['centre: ownBoxes ? nothing : centre,', 'centre,'],
    ['radius: ball || ownBoxes ?', 'radius: ball ?'],
  ]),
  ...mutantsOf(
    'src/search/branch/sub-problems.ts',
    tests('search/branch/halving', 'search/branch/search', 'ladder/agreement'),
    [
      [
        'return cell ?? this.#condensed',
        'return { neuronLower: (cell ?? this.#condensed).neuronLower.map((l) => l / 2), neuronUpper: (cell ?? this.#condensed).neuronUpper }',
      ],
      ['(best[r] > 0 ? [] : [r])', '(best[r] > -1e-2 ? [] : [r])'],
    ],
  ),
]
