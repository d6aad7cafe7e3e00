/** Which rows a dual pass carries: neurons of a layer, or differences of two outputs. */
import type { Blocks, RowDevice, Starts } from '../device/rows.ts'
import type { Shape } from '../model/layers.ts'

/** Rows of one pass. Each block's rows are padded with empty ones to a multiple of 4. */
export interface Specification {
  readonly blocks: Blocks
  readonly starts: Starts
  /** Rows with the padding. */
  readonly rows: number
  /** Neuron (index of the output) that a row adds; −1 for padding. */
  readonly neurons: Int32Array
}

const padded = (rows: number) => (rows + 3) & ~3

/** The neurons that `wanted` picks, position by position, as their rows are grouped. Indexed [channel][position]. */
export function neuronsByPosition({ channels, height, width }: Shape, wanted: (neuron: number) => boolean): number[] {
  const area = height * width
  const neurons: number[] = []
  for (let position = 0; position < area; position++) {
    for (let channel = 0; channel < channels; channel++) {
      if (wanted(channel * area + position)) neurons.push(channel * area + position)
    }
  }
  return neurons
}

/** One row for each of these neurons, which come position by position. */
export function neuronRows(device: RowDevice, shape: Shape, wanted: readonly number[]): Specification {
  const area = shape.height * shape.width
  const neurons: number[] = []
  const plus: number[] = []
  const positions: number[] = []
  const counts: number[] = []
  for (let i = 0; i < wanted.length;) {
    const position = wanted[i] % area
    const first = neurons.length
    for (; i < wanted.length && wanted[i] % area === position; i++) {
      neurons.push(wanted[i])
      plus.push(Math.floor(wanted[i] / area))
    }
    while (neurons.length % 4 !== 0) {
      neurons.push(-1)
      plus.push(-1)
    }
    positions.push(position)
    counts.push(neurons.length - first)
  }
  const minus = new Array<number>(plus.length).fill(-1)
  return specification(device, shape, { positions, counts }, { plus, minus, neurons })
}

/** One row z_target − z_label for every target but the label, in the order of the targets. */
export function marginRows(device: RowDevice, classes: number, label: number): Specification {
  const targets = Array.from({ length: classes }, (_, target) => target).filter((target) => target !== label)
  const padding = new Array<number>(padded(targets.length) - targets.length).fill(-1)
  const plus = [...targets, ...padding]
  const minus = [...targets.map(() => label), ...padding]
  const shape = { channels: classes, height: 1, width: 1 }
  return specification(device, shape, { positions: [0], counts: [plus.length] }, { plus, minus, neurons: plus })
}

function specification(
  device: RowDevice,
  shape: Shape,
  { positions, counts }: { positions: number[]; counts: number[] },
  { plus, minus, neurons }: { plus: number[]; minus: number[]; neurons: number[] },
): Specification {
  return {
    blocks: device.windows.positions(shape, Int32Array.from(positions), Int32Array.from(counts)),
    starts: device.rows.starts(positions, plus, minus),
    rows: plus.length,
    neurons: Int32Array.from(neurons),
  }
}
