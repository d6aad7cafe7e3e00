/** Affine layers as the kernels see them (assembly/layout.ts), and lists of their neurons. */
import type { GeometryOptions } from '../device.ts'
import { type Shape, sizeOf } from '../../model/layers.ts'
import type { Arena } from './arena.ts'
import type { ArenaGeometry, ArenaNeurons } from './handles.ts'
import type { Floats, Integers } from './pointers.ts'

export function createGeometry(arena: Arena, input: Shape, output: Shape, options: GeometryOptions): ArenaGeometry {
  const { kernel, stride, padding, groups } = options
  const pointer = arena.struct('Geometry', {
    inChannels: input.channels,
    inHeight: input.height,
    inWidth: input.width,
    outChannels: output.channels,
    outHeight: output.height,
    outWidth: output.width,
    kernel,
    stride,
    padding,
    groups,
  })
  const taps = Math.ceil(kernel / stride) ** 2
  const forwards = input.channels * kernel * kernel + output.channels
  const backwards =
    input.channels * stride * stride + output.channels * Math.max(taps, kernel % stride ? kernel ** 2 : 0)
  const scratch = arena.integers((Math.max(forwards, backwards) + 8) * 2)
  return {
    pointer,
    input,
    output,
    options,
    scratch,
    allInputs: allNeurons(arena, input),
    allOutputs: allNeurons(arena, output),
  }
}

const area = (shape: Shape) => shape.height * shape.width

/**
 * Lists the neurons whose value is not zero, per position.
 * @param columns of values [neuron][column], 1 or a multiple of 4: listed is what is not zero in all of them
 */
export function activeNeurons(arena: Arena, shape: Shape, values: Floats, columns = 1): ArenaNeurons {
  const counts = arena.integers(area(shape))
  const channels = arena.integers(sizeOf(shape))
  arena.kernels.listActive(shape.channels, area(shape), columns, values, counts, channels)
  return neuronList(arena, shape, counts, channels)
}

/** Lists every neuron. */
export function allNeurons(arena: Arena, shape: Shape): ArenaNeurons {
  const counts = arena.integersFrom(new Int32Array(area(shape)).fill(shape.channels))
  const channels = arena.integersFrom(Int32Array.from({ length: sizeOf(shape) }, (_, i) => i % shape.channels))
  return neuronList(arena, shape, counts, channels)
}

const neuronList = (arena: Arena, shape: Shape, counts: Integers, channels: Integers): ArenaNeurons => ({
  pointer: arena.struct('Active', { counts, channels }),
  neurons: () => {
    const { i32 } = arena
    const neurons = new Int32Array(sizeOf(shape))
    let count = 0
    for (let p = 0; p < area(shape); p++) {
      for (let i = 0; i < i32[(counts >> 2) + p]; i++) {
        neurons[count++] = i32[(channels >> 2) + p * shape.channels + i] * area(shape) + p
      }
    }
    return neurons.subarray(0, count)
  },
})
