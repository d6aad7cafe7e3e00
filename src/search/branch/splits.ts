/** The two ways to split a sub-problem: a neuron into on and off, or the box of its inputs into halves. */
import { OFF, ON } from '../../model/phase.ts'
import { better } from '../sweep/best-bounds.ts'
import type { Condensed } from '../system/condensed.ts'
import type { Box } from '../../region/region.ts'
import { type Bounds, type Cells, halvesOf } from './cells.ts'
import type { SubProblem } from './sub-problems.ts'

export const splitKinds = ['neuron', 'input'] as const
export type SplitKind = (typeof splitKinds)[number]

/** What a sub-problem was split into. */
export interface Split {
  readonly kind: SplitKind
  /** The sides that are still open, at most two. */
  readonly open: readonly SubProblem[]
  /** The bounds of the sides that are closed. */
  readonly closed: readonly number[]
}

/** Splits the neuron that is next, if there is one. */
export function splitNeuron(parent: SubProblem): Split | undefined {
  const { next } = parent
  if (next < 0) return undefined
  const open = ([ON, OFF] as const).map((phase) => {
    const phases = parent.phases.slice()
    const variables = parent.variables.slice()
    phases[next] = phase
    variables[next] = 0
    return { ...parent, phases, variables }
  })
  return { kind: 'neuron', open, closed: [] }
}

/** Halves the box, if float64 has numbers between its ends. Each half is a cell of its own. */
export function splitBox(cells: Cells, condensed: Condensed, parent: SubProblem): Split | undefined {
  const within = (box: Box, bounds: Bounds) => cells.within(box, bounds, parent.phases, parent.row)
  const whole = parent.cell ?? within(condensed, condensed).cell
  const halves = halvesOf(whole).map((half) => within(half, whole))
  if (halves.length === 0) return undefined
  const open = halves.flatMap(({ cell, bound }) =>
    bound > 0 ? [] : [{ ...parent, cell, bound: better(parent.bound, bound), next: -1, stalled: 0 }],
  )
  return { kind: 'input', open, closed: halves.flatMap(({ bound }) => (bound > 0 ? [bound] : [])) }
}
