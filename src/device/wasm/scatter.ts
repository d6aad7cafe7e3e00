/** x += Wᵀ y for sixteen rows at once (assembly/scatter.ts), for any linear map. */
import { convolutionSize } from '../../model/convolution-shape.ts'
import type { LinearMap } from '../../model/linear-map.ts'
import type { Engine } from './engine.ts'
import type { Doubles } from './pointers.ts'

/** Rows that are carried at once. */
export const TOGETHER = 16

/** @param y, x float64 values [element][row] */
export type Scatter = (y: Doubles, x: Doubles) => void

/** Takes memory for the weights: the caller marks and releases. */
export function scatterOf(engine: Engine, { form, outputs }: LinearMap): Scatter {
  const { kernels } = engine
  if (form.kind === 'sparse') {
    const start = engine.integersFrom(form.start)
    const source = engine.integersFrom(form.source)
    const weight = engine.doublesFrom(form.weight)
    return (y, x) => kernels.scatterSparse(outputs, start, source, weight, y, x)
  }
  const { shape } = form
  const { input, outChannels, kernel, stride, dilation, padding, groups } = shape
  const [outHeight, outWidth] = convolutionSize(shape)
  const struct = engine.struct('Shape', {
    inChannels: input[0],
    inHeight: input[1],
    inWidth: input[2],
    outChannels,
    outHeight,
    outWidth,
    kernelHeight: kernel[0],
    kernelWidth: kernel[1],
    strideY: stride[0],
    strideX: stride[1],
    dilationY: dilation[0],
    dilationX: dilation[1],
    paddingTop: padding[0],
    paddingLeft: padding[1],
    groups,
  })
  const weights = engine.doublesFrom(form.weights)
  return (y, x) => kernels.scatterConvolution(struct, weights, y, x)
}
