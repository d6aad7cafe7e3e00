/** Faults in how data of one's own are read: pictures, arrays, tables, parts, and data sets by name. */
import { mutantsOf, tests } from './mutant.ts'

export const data = [
  ...mutantsOf('src/formats/decode-png.ts', tests('formats/decode-png'), [
    ['return a <= b && a <= c ? left', 'return a <= b && a < c ? left'],
    ['(left, above) => (left + above) >> 1', '(left, above) => (left + above + 1) >> 1'],
    ['Math.round((samples[first + c] * 255) / largest)', 'Math.floor((samples[first + c] * 255) / largest)'],
    ['(transparent?.[index] ?? 255) < 255', 'transparent?.[index] === 0'],
    ['8 - depth - (bit & 7)', 'bit & 7'],
    ['[4, 0, 8, 8]', '[0, 4, 8, 8]'],
  ]),
  ...mutantsOf('src/formats/decode-jpeg.ts', tests('formats/decode-jpeg'), [
    ['values[c * pixels + at] = data[3 * at + c]', 'values[c * pixels + at] = data[3 * at]'],
    ['if (components === 4)', 'if (components === 5)'],
  ]),
  ...mutantsOf('src/formats/mat.ts', tests('formats/mat'), [
    ['type === COMPRESSED ? size : Math.ceil(size / 8) * 8', 'Math.ceil(size / 8) * 8'],
    ["=== 'IM'", "!== 'x'"],
  ]),
  ...mutantsOf('src/formats/csv.ts', tests('formats/csv'), [["value += '\"'", "value += ''"]]),
  ...mutantsOf('src/data/arrays.ts', tests('data/arrays'), [
    ['result[c * pixels + at] = values[at * channels + c]', 'result[c * pixels + at] = values[c * pixels + at]'],
    ["few(c) === few(a) ? undefined : few(c) ? 'NHWC' : 'NCHW'", "few(c) ? 'NHWC' : 'NCHW'"],
    ["kind === 'float' ? 1 : 255", '255'],
  ]),
  ...mutantsOf('src/data/table.ts', tests('data/table'), [
    ['const MISSING = new Set([', 'const MISSING = new Set(["x", '],
    ['low = Math.min(low, row[f])', 'low = Math.min(0, row[f])'],
  ]),
  ...mutantsOf('src/data/feature-radii.ts', tests('data/feature-radii'), [
    ['const ROUNDING = 2 ** -23', 'const ROUNDING = 0'],
    ['epsilon === 0 ? 0 : ', ''],
    ['epsilon / (high - low)', 'epsilon / high'],
  ]),
  ...mutantsOf('src/data/dataset.ts', tests('data/dataset-of', 'ladder/float-data'), [
    ['into[i] = values[i] / 255', 'into[i] = values[i] / 256'],
  ]),
  ...mutantsOf('src/data/dataset-of.ts', tests('data/dataset-of', 'checked'), [
    ['!(value >= 0 && value <= 1)', 'value < 0 || value > 1'],
    ['label >= classes', 'label > classes'],
  ]),
  ...mutantsOf('src/data/examples.ts', tests('data/examples'), [
    ['high: Math.max(high, other.high)', 'high'],
    ["new Random(seed, 'test part', label)", "new Random(0, 'test part', label)"],
    ['labelAt: (i) => labelAt(indices[i])', 'labelAt'],
    ['labelAt: (index) => places[labelAt(index)]', 'labelAt'],
  ]),
  ...mutantsOf('src/data/emnist.ts', tests('data/published'), [
    ['stored[(i % height) * width + Math.floor(i / height)]', 'stored[i]'],
    ['stored.labelAt(index) - firstLabel', 'stored.labelAt(index)'],
  ]),
  ...mutantsOf('src/data/svhn.ts', tests('data/published'), [
    ['labels.data[index] % 10', 'labels.data[index] % 11'],
    ['(at % 32) * 32 + Math.floor(at / 32)', 'at'],
  ]),
  ...mutantsOf('src/node/data/image-folder.ts', tests('node/data/image-folder'), [
    ['if (size.channels === 3) channels = 3', 'if (size.channels === 3) channels = first.channels'],
  ]),
  ...mutantsOf('src/node/data/described.ts', tests('node/data/own-data'), [
    ['least <= low && most >= high', 'least <= low'],
    ['isAbsolute(path) ? path : join(dirname(file), path)', 'path'],
  ]),
]
