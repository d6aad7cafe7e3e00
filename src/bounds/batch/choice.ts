/** How each hidden stage is bounded in training on a GPU, by what a run wants and by what it costs. */
import type { BatchStage } from '../../device/webgpu/network.ts'
import { columnShape } from '../../device/webgpu/columns.ts'
import { flopOf } from '../../device/webgpu/extents.ts'
import { batchOf } from '../../device/webgpu/batch.ts'
import { exactWork } from './exact.ts'
import type { StageBounds } from './relax.ts'

/** `auto` takes, stage by stage, what multiplies less: dense rows, or columns through all stages so far. */
export function stageBounds(
  stages: readonly BatchStage[],
  { mode, dimension }: { readonly mode: StageBounds | 'auto'; readonly dimension: number },
): readonly StageBounds[] {
  return stages.slice(0, -1).map((_, i) => {
    if (mode !== 'auto') return mode
    return exactWork(stages, i) < columnWork(stages, i, dimension) ? 'exact' : 'projected'
  })
}

/** Operations per example for columns of a stage. */
function columnWork(stages: readonly BatchStage[], i: number, dimension: number): number {
  const { width } = columnShape(batchOf(1), dimension)
  return stages
    .slice(0, i + 1)
    .reduce((sum, { terms }) => sum + terms.reduce((all, { extents }) => all + flopOf(extents, width), 0), 0)
}
