/** What an arena gives out: each thing knows where it lies, and no file outside this folder asks. */
import type { Geometry, NeuronList } from '../device.ts'
import type { Blocks, Starts } from '../rows.ts'
import type { Tensor } from '../tape.ts'
import type { Blocks as BlocksPointer, Floats, Integers, Pointer } from './pointers.ts'
import type { ArenaTensor } from './tensor.ts'

export interface ArenaGeometry extends Geometry {
  readonly pointer: Pointer<'Geometry'>
  /** Room for the lists of `propagate`. */
  readonly scratch: Integers
}

export interface ArenaNeurons extends NeuronList {
  readonly pointer: Pointer<'Active'>
}

export interface ArenaBlocks extends Blocks {
  readonly pointer: BlocksPointer
}

export interface ArenaStarts extends Starts {
  /** Output position of each block. */
  readonly positions: Integers
  /** Per row, the output channel added and the one subtracted; −1 for none. */
  readonly plus: Integers
  readonly minus: Integers
}

export const arenaGeometry = (geometry: Geometry): ArenaGeometry => geometry as ArenaGeometry
export const arenaStarts = (starts: Starts): ArenaStarts => starts as ArenaStarts
export const listOf = (list: NeuronList): Pointer<'Active'> => (list as ArenaNeurons).pointer
export const blocksOf = (blocks: Blocks): BlocksPointer => (blocks as ArenaBlocks).pointer
export const floatsOf = (tensor: Tensor): Floats => (tensor as ArenaTensor).pointer
