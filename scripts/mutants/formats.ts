/** Faults in how networks from elsewhere are read: pickles, views of storages, batch normalisation, what fits what. */
import { mutantsOf, tests } from './mutant.ts'

export const formats = [
  ...mutantsOf('src/formats/pickle.ts', tests('formats/pickle'), [
    ['if (!this.#reader.names.has(key)) {', 'if (module === "os") {'],
    ['steps < MOST_STEPS', 'steps < Infinity'],
    ['items.length <= opcode - 0x85', 'items.length < opcode - 0x85'],
    ['object instanceof Map || object === OPAQUE', 'object !== null'],
  ]),
  ...mutantsOf('src/formats/cursor.ts', tests('formats/cursor', 'formats/pickle'), [
    ['digits[size - 1] > 127', 'digits[size - 1] > 255'],
    ['if (size > this.#bytes.length - at)', 'if (at > this.#bytes.length)'],
  ]),
  ...mutantsOf('src/formats/pytorch.ts', tests('formats/pytorch'), [
    ['if (!(left >= 0))', 'if (left === Infinity)'],
    ['last >= storage.length', 'last > storage.length'],
    ['from -= strides[axis] * shape[axis]', 'from -= strides[axis]'],
    ['let from = offset', 'let from = 0'],
    ["decode(order) === 'little'", "decode(order) !== ''"],
    ['found.set(storage!.key, bytes.subarray(at + 8', 'found.set(storage!.key, bytes.subarray(at'],
  ]),
  ...mutantsOf('src/formats/state-dictionary.ts', tests('formats/pytorch'), [
    ['if (others.length > 0)', 'if (others.length > 1)'],
    ['names.every((name) => name.startsWith(start))', 'names.some((name) => name.startsWith(start))'],
  ]),
  ...mutantsOf('src/formats/state-layers.ts', tests('formats/recognise'), [
    ['Math.sqrt(v + EPSILON)', 'Math.sqrt(v)'],
    ['scale[c] * (b - mean.data[c])', 'scale[c] * b - mean.data[c]'],
    ['inOrder ? names : names.toSorted(compareNames)', 'names.toSorted(compareNames)'],
    ['variance.data.every((v) => v >= 0)', 'variance.data.every((v) => v >= -2)'],
  ]),
  ...mutantsOf('src/formats/recognise.ts', tests('formats/recognise'), [
    ['places.length !== normalisations.length', 'places.length < normalisations.length - 1'],
    ['if (isNormalisation(architecture, tensor)) continue', 'if (tensor.data.length > 0) continue'],
    ['inputs === sizes[i - 1][0]', 'inputs > 0'],
  ]),
  ...mutantsOf('src/formats/onnx/layered.ts', tests('formats/onnx/layered', 'formats/onnx/misfits'), [
    ['readers(step.terms[0].value) === 1 && isLast(from)', 'isLast(from)'],
    ['before && isWhole && isAlone', 'before && isAlone'],
    ['step.shift(o) !== step.shift(start)', 'false'],
    ['weights[i] * factor(Math.floor(i / perChannel) * area)', 'weights[i] * factor(0)'],
  ]),
]
