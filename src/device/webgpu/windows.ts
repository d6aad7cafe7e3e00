/**
 * Which part of a layer rows see. Rows from position (py, px) of an output see a square around it, all of one size, so that
 * the positions of a whole batch are rows of one product.
 *
 *   one layer further down:  height' = (height − 1)·stride + kernel,  stride' = stride·stride,  offset' = offset·stride + padding
 */
import type { Shape } from '../../model/layers.ts'
import type { GeometryOptions } from '../device.ts'
import type { Batch } from './batch.ts'
import { type Extents, padded } from './extents.ts'
import type { RowSet } from './rows.ts'

/**
 * Position (py, px) sees the lines py·stride − offset to py·stride − offset + height − 1 of a layer, and columns alike. Of
 * a whole layer the stride and the offset are 0. Places outside of the layer hold numbers that mean nothing until the rows
 * meet the layer's ReLU, which makes them 0, or the image, which leaves them out.
 */
export interface Window {
  readonly height: number
  readonly width: number
  readonly stride: number
  readonly offset: number
  /** Positions in a line of the outputs that rows start from. */
  readonly across: number
}

export const wholeLayer = ({ height, width }: Shape): Window => ({ height, width, stride: 0, offset: 0, across: 1 })

/** Numbers per row in a window. */
export const windowSize = ({ channels }: Shape, { height, width }: Window): number => channels * height * width

/** What of a stage is needed: a `StagePlan` or a `BatchStage`. */
interface Stage {
  readonly terms: readonly {
    readonly source: number
    readonly inputShape: Shape
    readonly options: GeometryOptions
  }[]
  readonly outputShape: Shape
}

/** Rows of all neurons of a stage. */
export const neuronRowSet = ({ channels, height, width }: Shape, batch: Batch): RowSet => ({
  batch,
  positions: height * width,
  each: padded(channels),
})

/** Rows of all margins. */
export const marginRowSet = (classes: number, batch: Batch): RowSet => ({ batch, positions: 1, each: padded(classes) })

/**
 * What rows over `stages[stage]` see of the image (first) and of every earlier stage's output: nothing where they never
 * come. Rows of a stage that is one position see whole layers.
 * @returns undefined if rows come to one layer by ways of different strides: then there are no such windows
 */
export function windowsBelow(stages: readonly Stage[], stage: number): (Window | undefined)[] | undefined {
  const { height, width } = stages[stage].outputShape
  const single = { height: 1, width: 1, stride: height * width === 1 ? 0 : 1, offset: 0, across: width }
  const windows: (Window | undefined)[] = []
  windows[stage + 1] = single
  for (let i = stage; i >= 0; i--) {
    const window = windows[i + 1]
    if (!window) continue
    for (const { source, inputShape, options } of stages[i].terms) {
      const layer = source < 0 ? inputShape : stages[source].outputShape
      const seen = receptive(window, options, layer)
      const others = windows[source + 1]
      if (others && others.stride !== seen.stride) return undefined
      windows[source + 1] = others ? covering(others, seen) : seen
    }
  }
  return windows.slice(0, stage + 1)
}

function receptive({ height, width, stride, offset, across }: Window, options: GeometryOptions, layer: Shape): Window {
  if (stride === 0) return wholeLayer(layer)
  const { kernel, stride: step, padding } = options
  return {
    height: (height - 1) * step + kernel,
    width: (width - 1) * step + kernel,
    ...{ stride: stride * step, offset: offset * step + padding, across },
  }
}

/** The smallest window that holds both. */
function covering(a: Window, b: Window): Window {
  const offset = Math.max(a.offset, b.offset)
  const extent = (size: 'height' | 'width') => offset + Math.max(a[size] - a.offset, b[size] - b.offset)
  return { ...a, height: extent('height'), width: extent('width'), offset }
}

/** A term as rows see it, from the window of its outputs to that of its inputs: what `transposed` takes. */
export function windowExtents(extents: Extents, above: Window, below: Window): Extents {
  if (above.stride === 0) return extents
  return {
    ...extents,
    outHeight: above.height,
    outWidth: above.width,
    inHeight: below.height,
    inWidth: below.width,
    padding: extents.padding + above.offset * extents.stride - below.offset,
  }
}

/** WGSL: the neuron of the layer at place n of the window of a position; −1 outside of the layer. */
export function neuronOf({ height, width }: Shape, { stride, offset, across, ...window }: Window): string {
  const head = 'fn neuronOf(n: u32, position: u32) -> i32 {'
  if (stride === 0) return `${head} return i32(n); }`
  const area = window.height * window.width
  return `${head}
  let y = i32(position / ${across}u * ${stride}u + n % ${area}u / ${window.width}u) - ${offset};
  let x = i32(position % ${across}u * ${stride}u + n % ${window.width}u) - ${offset};
  if (y < 0 || y >= ${height} || x < 0 || x >= ${width}) { return -1; }
  return (i32(n / ${area}u) * ${height} + y) * ${width} + x;
}`
}
