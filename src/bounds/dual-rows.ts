/**
 * A dual pass: rows travel from a specification back to the input (Wong & Kolter 2018; Li et al. 2019, Eqn. 9),
 * window by window, touching active neurons only.
 *
 *   ν = c,   ν̂ = Wᵀν,   ν = slope ⊙ ν̂,   bound(c·z) = x·ν̂₁ ± Σ radius|ν̂₁| + Σ ν·b ∓ Σ l[±ν]₊
 *
 * Both ends of the bound come from one pass, since both lines of an unstable neuron's relaxation have one slope.
 */
import type { LoadedNetwork, Stage, Term } from '../device/loaded-network.ts'
import type { Blocks, RowDevice, RowSums, RowTarget, RowsAtInput } from '../device/rows.ts'
import type { Tape, Tensor } from '../device/tape.ts'
import type { Relaxation } from './relaxation.ts'
import type { Specification } from './specification.ts'

/** Where a pass has arrived: coefficients of the input, and per row the sums gathered on the way. */
export interface CarriedRows extends RowsAtInput, RowSums {}

/**
 * Carries `specification`, rows over the outputs of `stages[stage]`, to the image, from every stage to those it reads.
 */
export function carryRows(
  { device, stages }: LoadedNetwork,
  tape: Tape | undefined,
  stage: number,
  { relaxations, specification, wholeInput = false }: Passage,
): CarriedRows {
  const { rows, starts } = specification
  const sums = {
    constant: device.zeroTensor(rows),
    lowerGap: device.zeroTensor(rows),
    upperGap: device.zeroTensor(rows),
    error: device.zeroTensor(rows),
  }
  const windows = windowsBelow(device, stages, stage, { ...specification, wholeInput })
  // by source + 1: the image's coefficients come first
  const values: (Tensor | undefined)[] = []
  /** Where a term sends rows to, and whether something is there already. */
  const targetOf = ({ source, geometry: { allInputs } }: Term): RowTarget => {
    const blocks = windows[source + 1]!
    const active = source < 0 ? allInputs : relaxations[source].asInputs
    const isFirst = values[source + 1] === undefined
    return { blocks, value: (values[source + 1] ??= device.tensor(blocks.length)), active, isFirst }
  }

  const top = stages[stage]!
  top.terms.forEach((term, i) => {
    const sum = { bias: top.bias, constant: sums.constant }
    device.rows.start(tape, { ...term, starts }, targetOf(term), i === 0 ? sum : undefined)
  })
  for (let i = stage - 1; i >= 0; i--) {
    const window = windows[i + 1]
    if (!window) continue
    const { outputShape, bias, terms } = stages[i]
    const blocks = device.windows.reshaped(window, outputShape)
    const from = { blocks, value: values[i + 1]!, active: relaxations[i].asOutputs }
    device.rows.relu(tape, from, { ...relaxations[i], bias }, sums)
    terms.forEach((term, k) => {
      device.rows.send(tape, term, { ...from, isLast: k === terms.length - 1 }, targetOf(term))
    })
  }
  return { rows, blocks: windows[0]!, coefficients: values[0]!, ...sums }
}

interface Passage {
  /** Of every stage before the one where rows start. */
  readonly relaxations: readonly Relaxation[]
  readonly specification: Specification
  /** Coefficients of the whole image, also where its border is never looked at; one block only. */
  readonly wholeInput?: boolean
}

/**
 * What rows over a stage see of the image (first) and of every stage's output: nothing where they never come.
 * @param blocks of the rows, over the stage's outputs
 * @param wholeInput see the whole image; one block only
 */
export function windowsBelow(
  device: RowDevice,
  stages: readonly Stage[],
  stage: number,
  { blocks, rows, wholeInput }: { readonly blocks: Blocks; readonly rows: number; readonly wholeInput: boolean },
): (Blocks | undefined)[] {
  const windows: (Blocks | undefined)[] = []
  windows[stage + 1] = blocks
  for (let i = stage; i >= 0; i--) {
    const window = windows[i + 1]
    if (!window) continue
    const out = device.windows.reshaped(window, stages[i].outputShape)
    for (const { source, geometry } of stages[i].terms) {
      const isWhole = source < 0 && wholeInput
      const seen = isWhole ? device.windows.whole(geometry.input, rows) : device.windows.receptive(out, geometry)
      const others = windows[source + 1]
      windows[source + 1] = others ? device.windows.covering(others, seen) : seen
    }
  }
  return windows.slice(0, stage + 1)
}
