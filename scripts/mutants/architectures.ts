/** Faults in how architectures are written, read and made for images. */
import { mutantsOf, tests } from './mutant.ts'

export const architectures = [
  ...mutantsOf('src/model/layer-text.ts', tests('model/layer-items', 'model/print-layers'), [
    [
      'const [outChannels, kernel, stride = 1, padding = 0]',
      'const [outChannels, kernel, stride = kernel, padding = 0]',
    ],
    ["word === 'input' ? -1 : Number(word)", "word === 'input' ? 0 : Number(word)"],
    ['if (branches.length < 2)', 'if (branches.length < 1)'],
  ]),
  ...mutantsOf('src/model/layer-items.ts', tests('model/layer-items', 'model/print-layers'), [
    ["layer.kind === 'linear' && isImage", "layer.kind === 'linear' && source < 0"],
    ["{ kind: 'add', other: source }, total!", "{ kind: 'add', other: total! }, total!"],
    ['return from === before ? rest : { ...rest, from }', 'return rest'],
    ['source !== this.layers.length - 1 ||', ''],
    ['if (outputs === this.#classes) return', 'if (outputs >= this.#classes) return'],
    ['faults.findIndex((found) => found !== undefined)', 'faults.length - 1'],
  ]),
  ...mutantsOf('src/model/print-layers.ts', tests('model/layer-items', 'model/print-layers'), [
    ['groups > 1 ?', 'groups > 2 ?'],
    ['from === undefined || from === index - 1', 'from === undefined || from < index'],
    ["(branch === 'identity' || !branches.includes('identity'))", 'true'],
    ['padding !== 0 ? [stride, padding]', 'padding !== 0 ? [padding]'],
  ]),
  ...mutantsOf('src/model/architectures.ts', tests('model/architectures'), [
    ["dmLarge.replaceAll(', relu'", "dmLarge.replace(', relu'"],
    ['Math.min(images.input.height, images.input.width) < 4', 'images.input.height > 4'],
    ['isForThem && printLayers(known) === printLayers(architecture)', 'isForThem'],
    ['countClasses(known) === classes', 'true'],
  ]),
  ...mutantsOf('src/formats/element-lines.ts', tests('formats/architecture-file'), [
    ["token.startsWith('#') ||", ''],
    ["token === '[' || token === '{'", "token === '['"],
  ]),
  ...mutantsOf('src/report/architecture-layout.ts', tests('report/architecture-svg'), [
    ['while (isTaken(free)) free++', ''],
    ['1 + Math.max(...from.map((place) => place.row))', '1 + source.row'],
  ]),
]
