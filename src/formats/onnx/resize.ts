/** Resize and Upsample to the nearest element, as ONNX Runtime does it. */
import type { Call, Operator } from './call.ts'
import { placeByAxis } from './placement.ts'
import type { Operand } from './steps.ts'

/** One dimension that grows from `input` to `output` elements. */
interface Growth {
  readonly input: number
  readonly output: number
  readonly scale: number
}

/** Where coordinate x of the output lies among the elements of the input. In 32-bit floats, as ONNX Runtime computes. */
const coordinates: Readonly<Record<string, (x: number, growth: Growth) => number>> = {
  asymmetric: (x, { scale }) => f(x / scale),
  half_pixel: (x, { scale }) => f(f(f(x + 0.5) / scale) - 0.5),
  pytorch_half_pixel: (x, { scale, output }) => (output > 1 ? f(f(f(x + 0.5) / scale) - 0.5) : 0),
  align_corners: (x, { input, output }) => (output === 1 ? 0 : f(f(x * (input - 1)) / (output - 1))),
  half_pixel_symmetric: (x, { input, output, scale }) => {
    const adjustment = f(output / f(scale * input))
    const offset = f((input / 2) * f(1 - adjustment))
    return f(offset + f(f(f(x + 0.5) / scale) - 0.5))
  },
}
const f = Math.fround

/** Before opset 11, which did not say. */
const simple = (x: number, { scale }: Growth) => (scale < 1 ? Math.ceil(x) : Math.floor(x))

const roundings: Readonly<Record<string, (x: number, growth: Growth) => number>> = {
  round_prefer_floor: (x) => (x === Math.trunc(x) + 0.5 ? Math.floor(x) : Math.round(x)),
  round_prefer_ceil: (x) => Math.round(x),
  floor: Math.floor,
  ceil: Math.ceil,
}

export const resize: Operator = (call) => {
  const operand = call.operand(0)
  const old = call.opset < 11
  const mode = call.text('mode', 'nearest')
  if (mode !== 'nearest') throw call.refuse(`interpolates by '${mode}': only 'nearest' is supported`)
  // for other modes
  for (const name of ['cubic_coeff_a', 'exclude_outside', 'extrapolation_value', 'antialias']) call.has(name)
  const transformation = old ? 'asymmetric' : call.text('coordinate_transformation_mode', 'half_pixel')
  const rounding = old ? '' : call.text('nearest_mode', 'round_prefer_floor')
  const [place, round] = [coordinates[transformation], old ? simple : roundings[rounding]]
  if (!place || !round)
    throw call.refuse(`has the modes '${transformation}' and '${rounding}', which are not supported`)
  if (!old) call.bound(1) // a region, which only tf_crop_and_resize reads
  return grow(call, operand, growthOf(call, operand, old ? 1 : 2), (x, growth) => round(place(x, growth), growth))
}

/** Upsample, which is deprecated: scales are an attribute before opset 9. */
export const upsample: Operator = (call) => {
  const operand = call.operand(0)
  const mode = call.text('mode', 'nearest')
  if (mode !== 'nearest') throw call.refuse(`interpolates by '${mode}': only 'nearest' is supported`)
  const scales = call.opset < 9 ? call.numbers('scales') : call.constant(1).data
  const growth = scaled(call, operand.shape, [...(scales ?? [])])
  return grow(call, operand, growth, (x, one) => Math.floor(coordinates.asymmetric(x, one)))
}

function growthOf(call: Call, { shape }: Operand, scalesAt: number): Growth[] {
  const axes = call.opset < 18 ? undefined : call.list('axes')?.map((axis) => call.axis(axis, shape.length))
  if (call.opset >= 18 && call.text('keep_aspect_ratio_policy', 'stretch') !== 'stretch') {
    throw call.refuse('keeps the ratio of sides: that is not supported')
  }
  const spread = (values: readonly number[], otherwise: readonly number[]) => {
    if (!axes) return values
    if (axes.length !== values.length) throw call.refuse(`has [${values}] for the axes [${axes}]`)
    return otherwise.map((size, i) => (axes.includes(i) ? values[axes.indexOf(i)] : size))
  }
  const sizes = call.opset < 11 ? undefined : call.wholeNumbers(3)
  if (sizes && sizes.length > 0) {
    const all = spread(sizes, shape)
    if (all.length !== shape.length) throw call.refuse(`has sizes [${sizes}] for a value of [${shape}]`)
    return shape.map((input, i) => ({ input, output: all[i], scale: f(all[i] / input) }))
  }
  const scales = call.input(scalesAt) ? [...call.constant(scalesAt).data] : []
  return scaled(
    call,
    shape,
    spread(
      scales,
      shape.map(() => 1),
    ),
  )
}

function scaled(call: Call, shape: readonly number[], scales: readonly number[]): Growth[] {
  if (scales.length !== shape.length || !scales.every((scale) => scale > 0)) {
    throw call.refuse(`has scales [${scales}] for a value of [${shape}]`)
  }
  return shape.map((input, i) => ({ input, output: Math.floor(f(scales[i] * input)), scale: f(scales[i]) }))
}

function grow(
  call: Call,
  operand: Operand,
  growths: readonly Growth[],
  nearest: (x: number, growth: Growth) => number,
): Operand {
  if (growths.some(({ output }) => !(output >= 1))) throw call.refuse('makes nothing')
  // ONNX Runtime copies what keeps its size, whatever the scales
  if (growths.every(({ input, output }) => input === output)) return operand
  const parts = growths.map((growth) => {
    const { input, output, scale } = growth
    const at = (x: number) => (scale === 1 ? x : Math.min(input - 1, Math.max(0, nearest(x, growth))))
    return { size: output, at }
  })
  return placeByAxis(call, operand, parts)
}
