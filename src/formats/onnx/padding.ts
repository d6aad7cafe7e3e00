/** Pad puts a frame around a value: of one number, of its edges, or of a reflection. */
import type { Operator } from './call.ts'
import { placeByAxis } from './placement.ts'

/** Where the coordinate c, which is outside the dimension, takes its element from; −1 for the fill number. */
const outside: Readonly<Record<string, (c: number, size: number) => number>> = {
  constant: () => -1,
  edge: (c, size) => (c < 0 ? 0 : size - 1),
  reflect: (c, size) => (c < 0 ? -c : 2 * (size - 1) - c),
  wrap: (c, size) => ((c % size) + size) % size,
}

export const pad: Operator = (call) => {
  const operand = call.value(0)
  const { shape } = operand
  const mode = call.text('mode', 'constant')
  const from = outside[mode]
  if (!from) throw call.refuse(`pads by '${mode}', which is not known`)
  const old = call.opset < 11
  const given = (old ? call.list('pads') : call.wholeNumbers(1)) ?? []
  const axes = (old ? undefined : call.wholeNumbers(3))?.map((axis) => call.axis(axis, shape.length)) ?? [
    ...shape.keys(),
  ]
  if (given.length !== 2 * axes.length || new Set(axes).size !== axes.length) {
    throw call.refuse(`has pads [${given}] for the axes [${axes}] of a value of [${shape}]`)
  }
  const fill = old ? call.number('value', 0) : call.input(2) ? (call.constant(2).data[0] ?? 0) : 0
  if (!Number.isFinite(fill)) throw call.refuse(`pads with ${fill}`)
  const parts = shape.map((size, axis) => {
    const i = axes.indexOf(axis)
    const [before, after] = i < 0 ? [0, 0] : [given[i], given[i + axes.length]]
    const most = mode === 'reflect' ? size - 1 : size
    // runtimes differ beyond that
    if ((mode === 'reflect' || mode === 'wrap') && (before > most || after > most)) {
      throw call.refuse(`pads ${size} by '${mode}' with [${before},${after}]: more than there is`)
    }
    if (mode !== 'constant' && Math.min(before, after) < 0) throw call.refuse(`cuts off by '${mode}': use Slice`)
    const at = (k: number) => (k >= before && k - before < size ? k - before : from(k - before, size))
    return { size: size + before + after, at }
  })
  if (parts.some(({ size }) => !(size >= 1)))
    throw call.refuse(`makes nothing: a value of [${parts.map(({ size }) => size)}]`)
  return placeByAxis(call, operand, parts, fill)
}
