/**
 * The phase of a ReLU neuron, h = max(z, 0): which of its two halves it is on.
 *
 *   ON: z ≥ 0, h = z      OFF: z ≤ 0, h = 0      FREE: either
 *
 * Where bounds l ≤ z ≤ u leave a neuron free, it is unstable: l < 0 < u.
 */
export const FREE = 0
export const ON = 1
export const OFF = -1
export type Phase = typeof FREE | typeof ON | typeof OFF

/** One phase per neuron. */
export type Phases = Int8Array

/** Whether bounds leave a neuron's phase open. */
export const isUnstable = (l: number, u: number): boolean => l < 0 && u > 0
