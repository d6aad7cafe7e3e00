/** The public API: what is not exported here may change at any time. */
export { UserError } from './errors.ts'

export type { Layer, Shape } from './networks/layers.ts'
export {
  type Architecture,
  type Network,
  type ParameterTensor,
  countHiddenUnits,
  countParameters,
  parameterLayout,
} from './networks/network.ts'
export { architectureNamed, architectureNames } from './networks/architectures.ts'
export { initialise } from './networks/initialise.ts'
export { evaluate } from './networks/evaluate.ts'
export { type Graph, type GraphNode, evaluateGraph, graphOf } from './networks/graph.ts'
export type { LinearMap } from './networks/linear-map.ts'
export { loadNetwork, saveNetwork } from './formats/network-file.ts'
export { type AnyNetwork, loadAnyNetwork, saveAnyNetwork } from './formats/any-network.ts'
export { type Property, readVnnlib } from './formats/vnnlib/property.ts'
export type { Region } from './formats/vnnlib/regions.ts'

export { type Dataset, type LoadOptions, type Split, datasetNames, loadDataset, takeRange } from './data/dataset.ts'

export { type Domain, domains } from './bounds/domain.ts'
export { type Norm, norms } from './bounds/norm.ts'
export { type DualBoundOptions, type NetworkBounds, dualBounds, intervalBounds } from './bounds/network-bounds.ts'

export { type Method, methods } from './training/objectives.ts'
export { type GivenOptions, type TrainingOptions, trainingOptions } from './training/options.ts'
export { presets } from './training/presets.ts'
export type { EpochReport, Progress } from './training/epoch-report.ts'
export type { Best } from './training/checkpoint.ts'
export { type RunOptions, type RunResult, resume, train, trainMutual } from './training/run.ts'

export type { NormBall } from './complete/ball.ts'
export {
  type CompleteMethod,
  type InputRegion,
  type LinearConstraint,
  type Outcome,
  type Question,
  classificationQuestion,
  completeMethods,
} from './complete/question.ts'
export { type VerifyOptions, verifyQuestion } from './complete/verify.ts'

export { type CertifyOptions, certify } from './verification/certify.ts'
export { type CertifyHeader, type CertifyMethod, type CertifyRow, certifyMethods } from './verification/rows.ts'
export type { CertifySummary, ErrorCount } from './verification/summary.ts'

export {
  type AttackMethod,
  type AttackRow,
  type AttackRunOptions,
  type AttackSummary,
  type PgdSettings,
  attack,
  attackMethods,
} from './attacks/attack.ts'

export { curvesSvg } from './report/curves.ts'
