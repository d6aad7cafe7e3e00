/** Faults in src/bounds, and in who decides by it that a clean image is misclassified. */
import { mutantsOf, tests } from './mutant.ts'

export const bounds = [
  ...mutantsOf('src/bounds/rounding.ts', tests('bounds/charges', 'bounds/rounding', 'bounds/hand-made'), [
    ['const UNIT = 2 ** -24', 'const UNIT = 2 ** -28'],
    ['const EXTRA = 24', 'const EXTRA = 0'],
    [
      'const SLACK = 1.02',
      'const SLACK = 1',
      'every error is charged twice, which covers the rounding of the errors, too',
    ],
    ['(input.channels / options.groups) * options.kernel ** 2', 'input.channels / options.groups'],
    ['return gamma(2 * (products + ofWeights(terms)) + EXTRA)', 'return gamma(EXTRA)'],
    ['isRounded) ? 1 : 0)', 'isRounded) ? 0 : 0)'],
    ['sum + outputShape.height, 0)', 'sum, 0)'],
    [
      '(output.channels / options.groups) * Math.ceil(options.kernel / options.stride) ** 2',
      'Math.ceil(options.kernel / options.stride) ** 2',
    ],
    ['Math.ceil(options.kernel / options.stride)', 'Math.floor(options.kernel / options.stride)'],
    [
      'transposedProducts(term) + 1 : 0',
      'transposedProducts(term) : 0',
      'one addition among those that are charged twice',
    ],
    ['.reduce((sum, term) => sum + (term.source', '.reduce((sum, term) => 0 * sum + (term.source'],
    [
      'const sums = outputShape.channels * outputShape.width + outputShape.height + additions(stages.slice(0, stage))',
      'const sums = 0',
    ],
    ['const sums = outputShape.channels * outputShape.width +', 'const sums ='],
    ['gamma(2 * (Math.max(...products) + sums', 'gamma(2 * (sums'],
    ['sums + imageSums(terms) + ofWeights', 'sums + ofWeights'],
    ['additions(below) + imageSums(terms)', 'additions(below)'],
    ['gamma(2 * (later + additions(below)', 'gamma(2 * (later'],
    ['gamma(2 * (later + ', 'gamma(2 * ('],
    ['source < 0 ? 64 +', 'source < 0 ? 0 *'],
  ]),
  ...mutantsOf(
    'src/bounds/rounding.ts',
    tests('bounds/overflow', 'bounds/charges', 'bounds/underflow', 'bounds/rounding', 'bounds/hand-made'),
    [
      ['export const underflow = 1e-20', 'export const underflow = 0'],
      ['export const largestTrusted = 1e12', 'export const largestTrusted = Infinity'],
      ['export const smallestShare = 2 ** -126', 'export const smallestShare = 0'],
      ['(Math.abs(bound) < Infinity ? bound : Infinity)', 'bound'],
    ],
  ),
  ...mutantsOf('src/bounds/interval.ts', tests('bounds/underflow'), [
    ['[intervalRounding(last.terms), underflow]', '[intervalRounding(last.terms), 0]'],
  ]),
  ...mutantsOf('src/bounds/interval-step.ts', tests('bounds/underflow'), [
    ['relu ? device.intervals.relu(tape, interval) :', 'true ? device.intervals.relu(tape, interval) :'],
  ]),
  ...mutantsOf(
    'src/bounds/interval-step.ts',
    tests('bounds/charges', 'bounds/rounding', 'bounds/hand-made', 'bounds/interval'),
    [
      [
        'if (!rigorous) return device.intervals.ends(tape, { centre, radius })',
        'if (true) return device.intervals.ends(tape, { centre, radius })',
      ],
    ],
  ),
  ...mutantsOf(
    'src/bounds/interval.ts',
    tests('bounds/charges', 'bounds/rounding', 'bounds/hand-made', 'bounds/interval'),
    [
      ['[intervalRounding(last.terms), underflow]', '[0, underflow]'],
      [
        '(Math.abs(wt) + Math.abs(wl)) * (Math.abs(c) + r)',
        'Math.abs(wt - wl) * (Math.abs(c) + r)',
        'weights are subtracted in float64: what is rounded is the centre and the radius',
      ],
      ['* (Math.abs(c) + r)', '* r'],
      ['Math.abs(b[target]) + Math.abs(b[label])', '0'],
    ],
  ),
  ...mutantsOf('src/bounds/interval.ts', tests('bounds/interval', 'bounds/norm', 'bounds/norm-gradients'), [
    ['(wt - wl) * c + Math.abs(wt - wl) * r', '(wt - wl) * c - Math.abs(wt - wl) * r'],
    ['let sum = b[target] - b[label]', 'let sum = b[label] - b[target]'],
    ['if (stage.terms.every(({ source }) => source < 0)) tightenToBall', 'if (false) tightenToBall'],
    ['db[label] -= g', 'db[label] += g'],
    ['dr[at] += g * Math.abs(difference)', 'dr[at] += g * difference'],
  ]),
  ...mutantsOf(
    'src/device/wasm/intervals.ts',
    tests('bounds/charges', 'bounds/rounding', 'bounds/hand-made', 'bounds/interval'),
    [
      ['kernels.addTo(centre.length, floatsOf(radius), sum.pointer)', ''],
      ['r[i] = (u[i] - l[i]) / 2', 'r[i] = (u[i] + l[i]) / 2'],
      ['dl[i] += (dc[i] - dr[i]) / 2', 'dl[i] += (dc[i] + dr[i]) / 2'],
    ],
  ),
  ...mutantsOf('src/bounds/interval.ts', tests('bounds/network-bounds'), [
    ['if (target === label) continue\n    let', 'let'],
  ]),
  ...mutantsOf('src/bounds/margins.ts', tests('bounds/dual', 'bounds/norm', 'bounds/norm-gradients'), [
    ['value <= ofB[i])', 'value <= ofB[i] + 0.1)'],
    ['(first ? da : db)[i]', '(first ? db : da)[i]'],
    ['if (!options.prune) return', 'if (false) return'],
  ]),
  ...mutantsOf(
    'src/bounds/margins.ts',
    ['src/ladder/climb-batch.test.ts'],
    [['(target === label ? least : Math.min(least, -bound))', 'Math.min(least, -bound)']],
  ),
  ...mutantsOf('src/bounds/margins.ts', tests('bounds/rounding', 'bounds/hand-made'), [
    ['  if (magnitude) {\n', '  if (false as boolean) {\n'],
    ['columns: chunk.columns, example }, label)', 'columns: chunk.columns, example })'],
    ['proved.proof.trusted ?', 'true ?'],
    ['label, rigorous })', 'label, rigorous: false })'],
  ]),
  ...mutantsOf('src/bounds/settle.ts', tests('bounds/dual', 'bounds/norm', 'bounds/norm-gradients'), [
    ['(!prune || bound > interval)', '(!prune || bound < interval)'],
    ['isTighter(-dualUpper[row], -highest[at])', 'isTighter(-dualUpper[row], highest[at])'],
    ['dualEnds[neuron] |= LOWER', 'dualEnds[neuron] |= UPPER'],
    ['rowUpper[row] = toUpper[neuron]', 'rowUpper[row] = toLower[neuron]'],
    ['prune ? unstable : () => true', 'unstable'],
    ['isUnstable(l[place(j)],', 'isUnstable(l[place(j)] + 1,'],
    ["if (chunk.norm === 'linf') return 0", "if (chunk.norm !== 'l1') return 0"],
    ['yield neurons.slice(first, end)', 'yield neurons.slice(first, end - 1)'],
  ]),
  ...mutantsOf(
    'src/bounds/settle.ts',
    tests('bounds/overflow', 'bounds/rounding', 'bounds/hand-made', 'bounds/underflow'),
    [
      ['&& Math.abs(bound) < Infinity', ''],
      ['      if (magnitude) {\n', '      if (false as boolean) {\n'],
      ['factor * (of(neuron) + of(label)) + underflow', 'factor * (of(neuron) + of(label))'],
      ['factor * (of(neuron) + of(label)) + underflow', 'factor * of(neuron) + underflow'],
      ['factor * (of(neuron) + of(label)) + underflow', 'underflow'],
    ],
  ),
  ...mutantsOf('src/bounds/input-term.ts', tests('bounds/dual', 'bounds/norm', 'bounds/norm-gradients'), [
    ['middle + lowerGaps[row] - spread', 'middle - lowerGaps[row] - spread'],
    ['middle + upperGaps[row] + spread', 'middle + upperGaps[row] - spread'],
    ['dRadius[row] = toUpper - toLower', 'dRadius[row] = toUpper + toLower'],
    ['dLowerGap[row] = toLower', 'dLowerGap[row] = toUpper'],
    ['radii[row] + errors[row]', 'radii[row]'],
  ]),
  ...mutantsOf('src/device/wasm/input-term.ts', tests('bounds/dual', 'bounds/norm', 'bounds/norm-gradients'), [
    ['const isLargest = { l2: false, l1: true }', 'const isLargest = { l2: true, l1: false }'],
  ]),
  ...mutantsOf('src/bounds/relaxation.ts', tests('bounds/rounding', 'bounds/hand-made', 'bounds/dual'), [
    ['magnitudes[from] * factor + smallestShare', 'smallestShare'],
    ['isFlattened ? device.activeNeurons(stage.readAs, slope) : asOutputs', 'asOutputs'],
  ]),
  ...mutantsOf('src/device/wasm/rows.ts', tests('bounds/rounding', 'bounds/hand-made', 'bounds/dual'), [
    ['relaxation(neurons, l, u, stride', 'relaxation(neurons, l, l, stride'],
  ]),
  ...mutantsOf(
    'src/bounds/dual.ts',
    tests('bounds/overflow', 'bounds/rounding', 'bounds/hand-made', 'bounds/underflow'),
    [
      ["hidden: 'dual', rigorous: true", "hidden: 'dual', rigorous: false"],
      ['trusted.every(isTrusted', 'trusted.some(isTrusted'],
      [
        'Math.abs(value) <= largestTrusted',
        '!(Math.abs(value) > largestTrusted)',
        'what is not a number spreads to the margins, which prove nothing then',
      ],
      ['factor: dualRounding(stages, i)', 'factor: 0'],
      ['stage.relu ? interval : alwaysOn', 'true ? interval : alwaysOn'],
    ],
  ),
  ...mutantsOf(
    'src/bounds/dual.ts',
    tests('bounds/dual', 'bounds/projections', 'bounds/norm', 'bounds/norm-gradients'),
    [
      ['stage.terms.length === 1 && stage.terms[0]', 'stage.terms[0]'],
      ['rows * rowWork(network, stage).products < ROW_PRICE', 'rows * rowWork(network, stage).products > ROW_PRICE'],
      ['if (isUnstable(l[at], u[at])) open', 'if (isUnstable(-l[at], u[at])) open'],
    ],
  ),
  ...mutantsOf('src/bounds/chunk.ts', tests('bounds/chunk', 'bounds/underflow', 'ladder/feature-radii'), [
    ['return rounded >= value ? rounded : ', 'return rounded ? rounded : '],
    ['+ 2 ** -149)\n}', ')\n}'],
    ['  if (underflows) {', '  if (false as boolean) {'],
    ['channels * area * 2 ** -149)', '2 ** -149)'],
    ['pixel - epsilon >= 0 && pixel', 'pixel - epsilon >= 0 || pixel'],
    ['radiusOf(around, j)', 'radiusOf(around, 0)'],
    ['Math.max(high - middle, middle - low)', 'Math.min(high - middle, middle - low)'],
    ["domain === 'pixels' && norm === 'linf'", "domain === 'pixels'"],
    ['= (pixel - mean) / deviation\n', '= pixel / deviation\n'],
  ]),
  ...mutantsOf('src/region/ball.ts', tests('region/region', 'region/ball', 'bounds/chunk', 'ladder/feature-radii'), [
    ['epsilons ? epsilons[input]', 'epsilons ? epsilons[0]'],
    ['epsilons && epsilon === 0 ? 0', 'epsilons ? 0'],
    ['Math.max(domain', 'Math.min(domain'],
    ["Math.min(domain === 'pixels' ? 1 :", "Math.min(domain === 'pixels' ? 2 :"],
    ['pixel - epsilon - outward', 'pixel - epsilon + outward'],
  ]),
  ...mutantsOf('src/region/domain.ts', tests('region/region', 'bounds/chunk'), [
    ['if (pixel >= 0 && pixel <= 1) continue', 'if (!(pixel < 0 || pixel > 1)) continue'],
  ]),
  ...mutantsOf('src/region/norm.ts', tests('region/norm', 'bounds/norm'), [
    ["norm === 'linf' ? result + size : norm === 'l2' ?", "norm === 'l2' ? result + size : norm === 'linf' ?"],
    [': Math.max(result, size)', ': Math.min(result, size)'],
    ["norm === 'l2' ? Math.sqrt(inputs)", "norm === 'l1' ? Math.sqrt(inputs)"],
  ]),
  ...mutantsOf('src/bounds/specification.ts', tests('bounds/network-bounds'), [
    ['.filter((target) => target !== label)', ''],
  ]),
  ...mutantsOf('src/bounds/specification.ts', tests('bounds/dual'), [
    ['targets.map(() => label), ...padding', 'targets.map(() => 0), ...padding'],
    ['while (neurons.length % 4 !== 0)', 'while (neurons.length % 2 !== 0)'],
  ]),
  ...mutantsOf('src/bounds/dual-rows.ts', tests('bounds/dual', 'bounds/norm', 'bounds/norm-gradients'), [
    ['i === 0 ? sum : undefined', 'sum'],
    ['others ? device.windows.covering(others, seen) : seen', 'seen'],
  ]),
  ...mutantsOf('src/device/wasm/rows.ts', tests('bounds/dual', 'bounds/norm', 'bounds/norm-gradients'), [
    ['to.isFirst ? OVERWRITE : ACCUMULATE', 'OVERWRITE'],
    ['from.isLast ? OVERWRITE : ACCUMULATE', 'OVERWRITE'],
  ]),
  ...mutantsOf('src/device/wasm/columns.ts', tests('bounds/projections'), [
    ['const half = (-d * l) / 2', 'const half = (d * l) / 2'],
    ['values[row] += half\n', ''],
    ['toGap[j] -= (d / 2) * toHalf', 'toGap[j] += (d / 2) * toHalf'],
  ]),
  ...mutantsOf('src/bounds/projections.ts', tests('bounds/projections'), [
    ['Math.max(lowest[place], centre - spread)', 'Math.max(lowest[place], centre + spread)'],
    ['random.normal() : random.cauchy()', 'random.cauchy() : random.normal()'],
    ['Math.sqrt(squares / this.#dimension)', 'Math.sqrt(squares)'],
    ["if (chunk.norm === 'l1') throw", "if (chunk.norm === 'l2' && dimension < 0) throw"],
  ]),
  ...mutantsOf('src/reference/dual-pass.ts', tests('reference/dual-pass', 'reference/bounds'), [
    ['upperGap -= lower[j] * Math.max(v, 0)', 'upperGap += lower[j] * Math.max(v, 0)'],
    ['lowerGap += lower[j] * Math.max(-v, 0)', 'lowerGap += lower[j] * Math.max(v, 0)'],
  ]),
  ...mutantsOf('src/reference/relaxation.ts', tests('reference/relaxation', 'reference/dual-pass'), [
    ['lower >= 0 ? 1 : upper / (upper - lower)', 'lower >= 0 ? 1 : -lower / (upper - lower)'],
  ]),
  ...mutantsOf('src/model/phase.ts', tests('reference/dual-pass', 'reference/bounds'), [
    ['l < 0 && u > 0', 'l < 0 || u > 0'],
  ]),
  ...mutantsOf('src/reference/margins.ts', tests('reference/margins'), [
    ['return Math.min(interval, dualPass', 'return Math.max(interval, dualPass'],
  ]),
  ...mutantsOf('src/reference/interval-step.ts', tests('reference/bounds'), [
    ['relu ? Math.max(z, 0) : z', 'Math.max(z, 0)'],
  ]),
  ...mutantsOf('src/bounds/network-bounds.ts', tests('bounds/underflow'), [
    ['proved.proof.trusted ? proved.intervals', 'true ? proved.intervals'],
    ['.map(unlessOverflowed)', ''],
  ]),
  ...mutantsOf(
    'src/attacks/attack-images.ts',
    ['src/attacks/classify.test.ts'],
    [
      ['judgement.isSure ?', 'true ?'],
      ['judgement.isSure ?', 'judgement.margin > 0 ?'],
      ['if (judged[e].isSure && judged[e].margin > 0)', 'if (judged[e].margin > 0)'],
      ['provedMargin(bounds, prediction) > 0', 'provedMargin(bounds, prediction) > -1e9'],
      ['Math.abs(margin - proved)', '0'],
    ],
  ),
  ...mutantsOf(
    'src/ladder/steps/lp.ts',
    ['src/ladder/lp-margin.test.ts'],
    [
      ['if (proves(least) || !isDoubtful) return least', 'if (proves(least) || isDoubtful) return least'],
      ['return exact > least ? exact : least', 'return least'],
    ],
  ),
  ...mutantsOf(
    'src/ladder/lp-margin.ts',
    ['src/ladder/lp-margin.test.ts'],
    [
      ['c[target] = -1', 'c[target] = 1'],
      ['lpDual(prune ? (isBox ? 0 : 1) : Infinity)', 'lpDual(0)'],
      ['last.bias[label] - last.bias[target]', 'last.bias[target] - last.bias[label]'],
      ["isBox ? ball : { ...ball, domain: 'unbounded' as const }", "{ ...ball, domain: 'unbounded' as const }"],
    ],
  ),
]
