/** The WebAssembly engine: the kernels, compiled, with a memory of their own, do what devices do. */
import type { GeometryOptions } from '../device.ts'
import type { RowDevice } from '../rows.ts'
import type { Tensor } from '../tape.ts'
import type { Shape } from '../../model/layers.ts'
import { Arena } from './arena.ts'
import { ArenaChannels } from './channels.ts'
import { ArenaClimb } from './climb.ts'
import { ArenaColumns } from './columns.ts'
import { activeNeurons, createGeometry } from './geometry.ts'
import { type ArenaGeometry, type ArenaNeurons, floatsOf } from './handles.ts'
import { ArenaIntervals } from './intervals.ts'
import { kernelBytes } from './kernel-bytes.ts'
import type { Kernels } from './kernels.generated.ts'
import { type KernelVariant, detectVariant } from './kernels.ts'
import { ArenaLayers } from './layers.ts'
import { ArenaRows } from './rows.ts'
import { ArenaWindows } from './windows.ts'

export interface EngineOptions {
  readonly variant?: KernelVariant
  /** Most memory that the engine may take, in bytes; at most 2 GB, the default. */
  readonly memoryLimit?: number
}

export class Engine extends Arena implements RowDevice {
  readonly windows = new ArenaWindows(this)
  readonly layers = new ArenaLayers(this, this.windows)
  readonly intervals = new ArenaIntervals(this)
  readonly columns = new ArenaColumns(this, this.windows)
  readonly channels = new ArenaChannels(this)
  readonly climb = new ArenaClimb(this)
  readonly rows = new ArenaRows(this)

  /** @throws UserError if the kernels have not been built */
  static async create({ variant = detectVariant(), memoryLimit = Infinity }: EngineOptions = {}): Promise<Engine> {
    const bytes = await kernelBytes(variant)
    const memory = new WebAssembly.Memory({ initial: 16, maximum: 32767 })
    const { instance } = await WebAssembly.instantiate(bytes, { env: { memory, abort: () => undefined } })
    const kernels = instance.exports as unknown as Kernels
    return new Engine({ kernels, memory, variant, memoryLimit })
  }

  geometry(input: Shape, output: Shape, options: GeometryOptions): ArenaGeometry {
    return createGeometry(this, input, output, options)
  }

  activeNeurons(shape: Shape, values: Tensor): ArenaNeurons {
    return activeNeurons(this, shape, floatsOf(values))
  }
}
