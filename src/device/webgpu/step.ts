/**
 * What changes from step to step while everything recorded stays the same: a few numbers that every kernel can read as
 * `step.…`. In WGSL they are a uniform buffer.
 */

/** Whole numbers, in the order in which they lie. */
const whole = [
  /** Where the examples start in the order of the epoch. */
  'first',
  /** How many of the examples are real; those after them are padding and count for nothing. */
  'count',
  /** Micro-batches of this step that came before. */
  'micro',
  /** Optimiser steps taken, this one included. */
  'taken',
  /** Seeds of the random streams. */
  'augmentSeed',
  'attackSeed',
  'projectionSeed',
  'referenceSeed',
  /** Where the statistics of this step go. */
  'record',
] as const

/** Floats, behind those. */
const floats = [
  /** Of an example in the loss: 1 / batch size. */
  'weight',
  'epsilon',
  'learningRate',
  /** q of the generalised cross-entropy. */
  'lossExponent',
  /** Weight of the empirical loss beside bounds. */
  'empiricalShare',
  /** Weight of the regularisers. */
  'regularisation',
  /** Adam: 1 − β₁ᵗ and 1 − β₂ᵗ. */
  'firstCorrection',
  'secondCorrection',
] as const

export type Step = Readonly<Record<(typeof whole)[number] | (typeof floats)[number], number>>

/** A step in which nothing is said. */
export const noStep = Object.fromEntries([...whole, ...floats].map((name) => [name, 0])) as Step

/** Its size in a uniform buffer, in bytes. */
export const stepBytes = 4 * ((whole.length + floats.length + 3) & ~3)

export const stepStructure = `struct Step {
${[...whole.map((name) => `  ${name}: u32,`), ...floats.map((name) => `  ${name}: f32,`)].join('\n')}
}`

export function writeStep(step: Step, into: DataView, at: number): void {
  whole.forEach((name, i) => into.setUint32(at + 4 * i, step[name], true))
  floats.forEach((name, i) => into.setFloat32(at + 4 * (whole.length + i), step[name], true))
}
