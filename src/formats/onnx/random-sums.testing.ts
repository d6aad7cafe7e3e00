/** Random nodes of the operators that add elements up. */
import type { Draft, Known } from './random-draft.testing.ts'
import type { Generator } from './random-graph.testing.ts'
import { elementsOf } from './shape.ts'

const each = <T>(count: number, draw: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => draw(i))
const hasRank = ({ shape }: Known) => shape.length > 0

/** Over some axes or all, given as the opset has it. @param newOpset the first one with axes as an input */
export const reduction =
  (operator: string, newOpset: number): Generator =>
  (draft) => {
    const { name, shape } = draft.value(hasRank)
    const chosen = draft.shuffled([...shape.keys()]).slice(draft.below(shape.length))
    const axes = chosen.map((axis) => (draft.once(2) && draft.opset >= 11 ? axis - shape.length : axis))
    const keep = draft.once(2) ? { keepdims: draft.below(2) } : {}
    const all = draft.once(4)
    if (draft.opset < newOpset) return void draft.emit(operator, [name], { ...keep, ...(!all && { axes }) })
    const idle = draft.once(3) ? { noop_with_empty_axes: draft.below(2) } : {}
    draft.emit(operator, all ? [name] : [name, draft.wholeNumbers(draft.once(8) ? [] : axes)], { ...keep, ...idle })
  }

/** Of one to four operands that broadcast. */
export const several =
  (operator: string): Generator =>
  (draft) => {
    const first = draft.value()
    const others = each(draft.below(4), () => {
      if (draft.once(2)) return draft.value(({ shape }) => shape.join() === first.shape.join())
      return draft.constant(
        first.shape.slice(draft.below(first.shape.length + 1)).map((size) => (draft.once(3) ? 1 : size)),
      )
    })
    draft.emit(
      operator,
      draft.shuffled([first, ...others]).map(({ name }) => name),
    )
  }

function convTranspose(draft: Draft): void {
  const { name, shape } = draft.value(({ shape: { length } }) => length >= 3 && length <= 5)
  const [, channels, ...image] = shape as [number, number, ...number[]]
  const axes = image.length
  const group = draft.pick([1, 1, channels, 2].filter((n) => channels % n === 0))
  const kernel = each(axes, () => 1 + draft.below(3))
  const strides = each(axes, () => 1 + draft.below(3))
  const dilations = draft.once(3) ? each(axes, () => 1 + draft.below(2)) : undefined
  const inputs = [name, draft.constant([channels, 1 + draft.below(3), ...kernel]).name]
  if (draft.once(2)) inputs.push(draft.constant([elementsOf([group]) * shapeOf(draft, inputs[1])[1]]).name)
  const automatic = draft.once(3) ? draft.pick(['NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER']) : undefined
  const free = automatic === undefined || automatic === 'NOTSET'
  const more = draft.once(3) ? each(axes, (i) => draft.below(Math.max(strides[i], dilations?.[i] ?? 1))) : undefined
  const full = image.map(
    (size, i) => strides[i] * (size - 1) + (more?.[i] ?? 0) + (dilations?.[i] ?? 1) * (kernel[i] - 1) + 1,
  )
  const wanted = draft.once(4) ? { output_shape: full.map((size) => Math.max(1, size - draft.below(3))) } : undefined
  draft.emit('ConvTranspose', inputs, {
    ...{ strides, ...(dilations && { dilations }), ...(more && { output_padding: more }), ...wanted },
    ...((group > 1 || draft.once(4)) && { group }),
    ...(automatic && { auto_pad: automatic }),
    ...(free && !wanted && draft.once(2) && { pads: each(2 * axes, () => draft.below(2)) }),
  })
}

const shapeOf = (draft: Draft, name: string): readonly number[] =>
  draft.initialisers.find((tensor) => tensor.name === name)?.dims?.map(Number) ??
  draft.nodes.find(({ output }) => output![0] === name)!.attribute![0].t!.dims!.map(Number)

/** One value and up to two constants; letters may come twice, and the output may be left out. */
function einsum(draft: Draft): void {
  if (draft.opset < 12) return void several('Sum')(draft)
  const { name, shape } = draft.value()
  const letters = [...'ijklmn']
  const sizes = new Map<string, number>()
  const own = shape.map((size) => {
    const letter = draft.pick(letters.filter((l) => (sizes.get(l) ?? size) === size))
    sizes.set(letter, size)
    return letter
  })
  const terms = [own]
  const names = [name]
  for (let k = draft.below(3); k > 0; k--) {
    const term = each(draft.below(3), () => draft.pick(letters))
    for (const letter of term) if (!sizes.has(letter)) sizes.set(letter, 1 + draft.below(3))
    const at = draft.below(terms.length + 1)
    terms.splice(at, 0, term)
    names.splice(at, 0, draft.constant(term.map((letter) => sizes.get(letter)!)).name)
  }
  const used = [...new Set(terms.flat())]
  const output = draft.shuffled(used).slice(draft.below(used.length + 1))
  const left = terms.map((term) => term.join('')).join(',')
  draft.emit('Einsum', names, { equation: draft.once(4) ? left : `${left}->${output.join('')}` })
}

export const sumGenerators: Readonly<Record<string, Generator>> = {
  ConvTranspose: convTranspose,
  Einsum: einsum,
  Mean: several('Mean'),
  Neg: (draft) => draft.emit('Neg', [draft.value().name]),
  ReduceMean: reduction('ReduceMean', 18),
  ReduceSum: reduction('ReduceSum', 13),
  Sum: several('Sum'),
}
