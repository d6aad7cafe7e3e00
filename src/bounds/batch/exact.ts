/**
 * Exact dual bounds of a hidden stage of a batch, recorded: a row for every neuron of every example goes back to the image, in
 * the window that it sees (Wong & Kolter 2018). Sound: no, since a GPU's rounding is not bounded. Complete: no.
 */
import { batchOf } from '../../device/webgpu/batch.ts'
import { flopOf } from '../../device/webgpu/extents.ts'
import type { BatchStage } from '../../device/webgpu/network.ts'
import type { Plan } from '../../device/webgpu/plan.ts'
import { rowCount } from '../../device/webgpu/rows.ts'
import { closeNeurons } from '../../device/webgpu/rows-close.ts'
import { startNeurons } from '../../device/webgpu/rows-start.ts'
import type { Values } from '../../device/webgpu/values.ts'
import { neuronRowSet, windowExtents, windowsBelow } from '../../device/webgpu/windows.ts'
import type { Tape } from '../../device/tape.ts'
import type { BatchBall } from './ball.ts'
import { carryRowsBatch } from './rows.ts'

/** @returns [lower, upper][neuron][example] */
export function exactBounds(
  plan: Plan,
  tape: Tape | undefined,
  at: {
    readonly stages: readonly BatchStage[]
    readonly ball: BatchBall
    /** Of the stages before this one. */
    readonly lines: readonly Values[]
    readonly stage: number
  },
): Values {
  const { stages, ball, lines, stage } = at
  const { outputShape, bias } = stages[stage]
  const rows = neuronRowSet(outputShape, ball.batch)
  const carried = carryRowsBatch(plan, tape, {
    ...{ stages, lines, stage, rows },
    start: ({ withBias, ...from }) => startNeurons(plan, tape, { ...from, ...(withBias && { bias }) }),
  })
  return closeNeurons(plan, tape, { ...carried, box: ball.box, channels: outputShape.channels })
}

/** Operations per example for the rows of a stage, from the second layer that they go through on; ∞ if they cannot. */
export function exactWork(stages: readonly BatchStage[], stage: number): number {
  const rows = rowCount(neuronRowSet(stages[stage].outputShape, batchOf(1)))
  const windows = windowsBelow(stages, stage)
  if (!windows) return Infinity
  return stages.slice(0, stage).reduce((sum, { terms }, i) => {
    const window = windows[i + 1]
    if (!window) return sum
    const of = terms.map(({ extents, source }) => flopOf(windowExtents(extents, window, windows[source + 1]!), rows))
    return of.reduce((a, b) => a + b, sum)
  }, 0)
}
