/** The public API: what is not exported here may change at any time. */
export { UserError } from './base/errors.ts'

export type { Layer, Shape } from './model/layers.ts'
export {
  type Architecture,
  type Network,
  type ParameterTensor,
  countHiddenUnits,
  countParameters,
  parameterLayout,
} from './model/network.ts'
export { architectureNamed, architectureNames } from './model/architectures.ts'
export { initialise } from './model/initialise.ts'
export { evaluate } from './model/evaluate.ts'
export { type Graph, type GraphNode, evaluateGraph, graphOf } from './model/graph.ts'
export type { LinearMap } from './model/linear-map.ts'
export { loadAnyNetwork, saveAnyNetwork, loadNetwork, saveNetwork } from './node/any-network.ts'
export { type AnyNetwork } from './formats/any-network.ts'
export { type Property } from './formats/vnnlib/property.ts'
export { readVnnlib } from './node/properties/property-file.ts'

export { type Dataset, type Split, takeRange } from './data/dataset.ts'
export { datasetNames } from './data/names.ts'
export { type LoadOptions, loadDataset } from './node/data/load-dataset.ts'

export { type Domain, domains } from './region/domain.ts'
export { type Norm, norms } from './region/norm.ts'
export type { Region, RoundBall } from './region/region.ts'
export {
  type CompleteMethod,
  type LinearConstraint,
  type Outcome,
  type Question,
  completeMethods,
} from './region/question.ts'
export { classificationQuestion } from './region/image-question.ts'
export { type DualBoundOptions, type NetworkBounds, dualBounds, intervalBounds } from './bounds/network-bounds.ts'

export { type Method, methods } from './training/losses/list.ts'
export { trainingOptions } from './training/options.ts'
export type { GivenOptions, TrainingOptions } from './training/settings.ts'
export { presets } from './training/presets.ts'
export type { EpochReport, Progress } from './training/epoch-report.ts'
export type { Best } from './node/training/checkpoint.ts'
export { type RunOptions, type RunResult, resume, train, trainMutual } from './node/training/run.ts'

export { type VerifyOptions, verifyQuestion } from './ladder/verify-question.ts'

export { type CertifyOptions, certify } from './ladder/certify.ts'
export { type CertifyHeader, type CertifyMethod, type CertifyRow, certifyMethods } from './ladder/rows.ts'
export type { CertifySummary, ErrorCount } from './ladder/summary.ts'

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
