/** Which steps a certification takes: those that were asked for, or the cheapest that suit the network. */
import { UserError, unknownName } from '../base/errors.ts'
import type { Step } from './step.ts'
import { type StepName, stepNames, steps as ladder } from './steps/index.ts'

/** Whether a network is made of our layers, so that the engine takes it, or is a graph of any kind. */
export type NetworkKind = 'layers' | 'graph'

const suits = ({ networks }: Step, kind: NetworkKind) => kind === 'layers' || networks === 'any'
const namesOf = (some: readonly { readonly name: StepName }[]) => some.map(({ name }) => name)

/** The steps that take milliseconds per image, a proof among them. */
export function defaultSteps(kind: NetworkKind): StepName[] {
  const fitting = ladder.filter((step) => suits(step, kind))
  const firstProof = fitting.find(({ error }) => error === 'at most')
  return namesOf(fitting.filter((step) => !step.onRequest && (step.works === 'batch' || step === firstProof)))
}

/**
 * The steps that were asked for, in the order of the ladder, and the first of all.
 * @throws UserError for unknown steps, none, and those that cannot take such a network
 */
export function chooseSteps(asked: readonly StepName[], kind: NetworkKind): StepName[] {
  for (const name of asked) if (!stepNames.includes(name)) throw unknownName('method', name, stepNames)
  if (asked.length === 0) throw new UserError(`no method: choose one or more of ${stepNames.join(', ')}`)
  const misfits = ladder.filter((step) => asked.includes(step.name) && !suits(step, kind))
  if (misfits.length === 0) return stepNames.filter((name, i) => i === 0 || asked.includes(name))
  const others = ladder.filter((step) => step.error === 'at most' && suits(step, kind))
  throw new UserError(
    `${namesOf(misfits).join(' and ')} bounds are for networks of robustra's own layers with 32-bit floats only: ` +
      `choose ${namesOf(others).join(', ')}`,
  )
}

/** Those of some steps that are tried only on request: on what is left by all others that work in a batch. */
export const stepsOnRequest = (some: readonly StepName[]): StepName[] =>
  namesOf(ladder.filter(({ name, onRequest }) => onRequest && some.includes(name)))

/** Those of some steps that work in a batch, or on single questions. */
export const stepsThatWork = (on: Step['works'], some: readonly StepName[]): StepName[] =>
  namesOf(ladder.filter(({ name, works }) => works === on && some.includes(name)))
