/** Places in an engine's memory, in bytes. Each knows what lies there, so that no kernel takes one for another. */

declare const target: unique symbol

export type Pointer<To extends string> = number & { readonly [target]: To }

export type Floats = Pointer<'float32'>
export type Doubles = Pointer<'float64'>
export type Integers = Pointer<'int32'>
/** Several structs `Block` (layout.ts). */
export type Blocks = Pointer<'Block[]'>

/** A number that is no pointer. */
export type Scalar = number & { readonly [target]?: never }

/** Points to nothing, where a kernel may do without. */
export const none = 0 as Pointer<never>

/** Where element `index` lies of those that start at a pointer. */
export const at = <To extends Floats | Integers>(pointer: To, index: number): To => (pointer + 4 * index) as To
