/**
 * The steps of the ladder that work in a batch, on some images of a data set: each works on what the steps before it
 * left open. Those that take seconds come later, on the images of many batches that the others have left, so that there
 * are enough to be attacked side by side. Sound: as each step is. Complete: no; what no step settles is open.
 */
import type { Timed } from '../attacks/inputs.ts'
import { type Draft, figures, finishRow, finite, incomplete, isDecided, isProof, partsOf } from './drafts.ts'
import type { CertifyResult } from './rows.ts'
import type { BatchStep, BatchSubject, Finding, StepSettings } from './step.ts'
import { type LadderStep, type StepName, steps as ladder } from './steps/index.ts'

export interface BatchSettings extends StepSettings {
  /** All steps that the run was asked for; the first of the ladder, the clean image, is always taken. */
  readonly steps: readonly StepName[]
}

/**
 * One row per image, in their order: undecided if only steps of batches were asked for, without a result if further
 * steps are still to come. A row depends on its image, not on which others are done with it.
 * @throws Error if a bound is above a margin that was reached: a mistake in this program
 */
export function climbBatch(subject: BatchSubject, indices: readonly number[], settings: BatchSettings): Draft[] {
  const asked = ladder.filter(({ name }, i) => i === 0 || settings.steps.includes(name))
  const found = new Map<string, Map<number, Timed<Finding>>>()
  let open = indices
  for (const step of inOrder(batchSteps(asked).filter(({ onRequest }) => !onRequest))) {
    const findings = runStep(step, subject, open, settings)
    found.set(step.name, new Map(findings.map((finding, i) => [open[i]!, finding])))
    open = open.filter((_, i) => !findings[i]!.value.settled)
  }
  const isLast = asked.every(({ works, onRequest }) => works === 'batch' && !onRequest)
  return indices.map((index) => {
    const findings = ladder.flatMap(({ name }) => {
      const finding = found.get(name)?.get(index)
      return finding ? [{ name, ...finding }] : []
    })
    const draft = draftOf(index, subject.dataset.labels[index]!, findings)
    requireConsistent(
      draft,
      findings.filter(({ name }) => !isProof(name)).map(({ value }) => value),
    )
    return finishRow(draft, resultOf(findings) ?? (isLast ? incomplete(draft) : undefined))
  })
}

/**
 * The steps that take seconds, on open drafts of any batches.
 * @returns rows and drafts as `climbBatch`, in the drafts' order
 */
export function climbFurther(subject: BatchSubject, drafts: readonly Draft[], settings: BatchSettings): Draft[] {
  const asked = ladder.filter(({ name }) => settings.steps.includes(name))
  const isLast = asked.every(({ works }) => works === 'batch')
  let climbed = [...drafts]
  for (const step of batchSteps(asked).filter(({ onRequest }) => onRequest)) {
    const open = climbed.filter((draft) => !isDecided(draft))
    const indices = open.map(({ index }) => index)
    const findings = new Map(runStep(step, subject, indices, settings).map((finding, i) => [indices[i]!, finding]))
    climbed = climbed.map((draft) => {
      const finding = findings.get(draft.index)
      return finding ? extended(draft, { name: step.name, ...finding }) : draft
    })
  }
  return climbed.map((draft) => (isLast && !isDecided(draft) ? finishRow(draft, incomplete(draft)) : draft))
}

/** A draft with what a further step has found. */
function extended(draft: Draft, finding: Findings[number]): Draft {
  const { index, label, prediction } = draft
  const known = { ...draft, [finding.name]: partOf(finding) }
  const parts = Object.fromEntries(ladder.flatMap(({ name }) => (known[name] ? [[name, known[name]]] : [])))
  const longer = { index, label, prediction, ...(parts as Pick<Draft, 'clean'>) }
  if (!isProof(finding.name)) requireConsistent(longer, [finding.value])
  return finishRow(longer, resultOf([finding]))
}

const batchSteps = (some: readonly LadderStep[]) => some.filter((step) => step.works === 'batch')

/** The clean image first, then proofs, then attacks: they take longest, and what is proved needs none. */
function inOrder([clean, ...rest]: readonly BatchStep[]): BatchStep[] {
  const [proofs, attacks] = (['at most', 'at least'] as const).map((kind) => rest.filter(({ error }) => error === kind))
  return [clean!, ...proofs!, ...attacks!]
}

function runStep(step: BatchStep, subject: BatchSubject, indices: readonly number[], settings: StepSettings) {
  if (step.networks === 'any') return step.run(subject, indices, settings)
  if ('graph' in subject) throw new Error(`the step '${step.name}' is not for graphs`)
  return step.run(subject, indices, settings)
}

type Findings = readonly ({ readonly name: StepName } & Timed<Finding>)[]

function draftOf(index: number, label: number, findings: Findings): Omit<Draft, 'seconds' | 'result'> {
  const parts = Object.fromEntries(findings.map((finding) => [finding.name, partOf(finding)]))
  return { index, label, prediction: findings[0]!.value.prediction!, ...(parts as Pick<Draft, 'clean'>) }
}

const partOf = ({ value: { verdict, margin, flags }, seconds }: Findings[number]) => ({
  ...{ verdict, ...figures(margin, seconds), ...flags },
})

function resultOf(findings: Findings): CertifyResult | undefined {
  const by = findings.find(({ value }) => value.settled)
  if (!by) return undefined
  const { margin, prediction, point } = by.value
  if (by.value.settled === 'robust') return { verdict: 'robust', method: by.name, margin }
  return {
    verdict: 'vulnerable',
    method: by.name,
    margin: finite(margin),
    prediction: prediction!,
    ...(point && { point: [...point] }),
  }
}

/** Float64's share in a margin that was reached. */
const REACHED_ROUNDING = 1e-9

/**
 * @param findings of margins that were reached at points of the domain
 * @throws Error if something was proved that is known to be false: then nothing that the bounds say can be trusted
 */
export function requireConsistent(
  draft: Omit<Draft, 'seconds' | 'result'>,
  findings: readonly Pick<Finding, 'margin' | 'slack'>[],
): void {
  // float32 bounds its error from below; the margin may be as much above
  const most = findings.flatMap(({ margin, slack = 0 }) => (Number.isNaN(margin) ? [] : margin + 2 * slack))
  const reached = Math.min(...most)
  const proofs = partsOf({ ...draft, seconds: 0 }).filter(({ step }) => isProof(step))
  const proved = Math.max(...proofs.map(({ margin }) => margin ?? -Infinity))
  if (!(proved > reached + REACHED_ROUNDING * (1 + Math.abs(reached)))) return
  throw new Error(
    `internal error: image ${draft.index} has the margin ${reached} at some point, but a bound says that it has at ` +
      `least ${proved} everywhere: a bound is not sound. Nothing was written for it; please report this with the network`,
  )
}
