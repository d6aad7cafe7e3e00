/**
 * What a pointer of a kernel's signature points to. scripts/kernel-types.mjs makes TypeScript types of the same names, so
 * that a count, or a pointer to something else, does not compile. A plain usize is a count.
 */
export type Floats = usize
export type Doubles = usize
/** i32 each. */
export type Integers = usize
/** An array of `Block` (layout.ts). */
export type Blocks = usize
