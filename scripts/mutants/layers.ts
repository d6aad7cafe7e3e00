/** Faults in groups, pools, sums without weights, and in batch normalisation layer by layer. */
import { type Mutant, mutantsOf, tests } from './mutant.ts'

export const layers: readonly Mutant[] = [
  ...mutantsOf('src/model/stages.ts', tests('model/stages'), [
    ['groups: channels, constant: 1 }', 'groups: channels, constant: 2 }'],
    ['constant: 1 / kernel ** 2', 'constant: 1 / kernel'],
    ['if (options.groups > 1) throw', 'if (false) throw'],
  ]),
  ...mutantsOf('src/device/loaded-network.ts', tests('bounds/charges'), [
    ['const isRounded = Math.fround(constant) !== constant', 'const isRounded = false'],
  ]),
  ...mutantsOf('src/model/graph.ts', tests('model/graph'), [
    ['.fill(1 / layer.kernel ** 2)', '.fill(1 / layer.kernel)'],
    ['windows(layer, from, to, layer.groups ?? 1)', 'windows(layer, from, to, 1)'],
  ]),
  ...mutantsOf('src/training/moments.ts', tests('training/batch-norm'), [
    ['normalised.length === all.length ? [all] : ', ''],
    ['others: all.filter((i) => !isFlagged(i))', 'others: []'],
  ]),
  ...mutantsOf('src/training/batch-norm.ts', tests('training/batch-norm'), [
    ['withBias: isWhole }', 'withBias: true }'],
    ['device.channels.clearPadding(z, images.columns, images.count)\n  // what', '// what'],
  ]),
  ...mutantsOf('src/training/unfold.ts', tests('training/batch-norm'), [
    ['if (factor && !isNormalised(i))', 'if (false)'],
    ['Math.floor((o * options.groups) / output.channels)', '0'],
  ]),
  ...mutantsOf('src/training/work/cut.ts', tests('training/work/cut'), [
    ['Math.round((i * batch) / chunks)', 'Math.ceil((i * batch) / chunks / 8) * 8'],
  ]),
]
