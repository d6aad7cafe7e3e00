/**
 * The public API that any runtime can run: networks, bounds, verification, certification, attacks, training. What reads
 * and writes files, and threads, are in 'robustra/node' (node/index.ts). What neither exports may change at any time.
 */
export { type ErrorCode, UserError } from './base/errors.ts'

export type { Layer, Shape } from './model/layers.ts'
export {
  type Architecture,
  type Network,
  type ParameterTensor,
  countHiddenUnits,
  countParameters,
  parameterLayout,
} from './model/network.ts'
export { architectureNamed, architectureNames, architectureOf, architectureText } from './model/architectures.ts'
export { initialise } from './model/initialise.ts'
export { evaluateGraphAt as evaluateGraph, evaluateNetwork as evaluate } from './model/checked.ts'
export { type Graph, type GraphNode, graphOf } from './model/graph.ts'
export type { LinearMap } from './model/linear-map.ts'

export {
  type AnyNetwork,
  type NetworkOptions,
  encodeAnyNetwork as encodeNetwork,
  parseAnyNetwork as parseNetwork,
} from './formats/any-network.ts'
export type { ImportOptions } from './formats/onnx/import.ts'
export { type Property, parsePropertyFile as parseProperty } from './formats/vnnlib/property.ts'
export { parseSafetensors } from './formats/safetensors.ts'
export type { Tensor, TensorFile } from './formats/tensors.ts'

export {
  type Dataset,
  type Feature,
  type Split as DatasetSplit,
  className,
  pixelsAt,
  takeRange,
} from './data/dataset.ts'
export { radiiOf as featureRadii } from './data/feature-radii.ts'
export { type GivenImages, type GivenTable, datasetOf, tableOf } from './data/dataset-of.ts'
export { syntheticDigits } from './data/synthetic.ts'

export { type Domain, domains as domainNames } from './region/domain.ts'
export { type Norm, norms as normNames } from './region/norm.ts'
export type { Ball, BallOptions } from './region/ball.ts'
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

export { type Method as TrainingMethod, methods as trainingMethods } from './training/losses/list.ts'
export { trainingOptions } from './training/options.ts'
export type { GivenOptions, TrainingOptions } from './training/settings.ts'
export { presets as trainingPresets } from './training/presets.ts'
export type { Best as BestNetwork } from './training/best.ts'
export type { EpochReport, Progress as TrainingProgress } from './training/epoch-report.ts'

export type { Executor } from './jobs/executor.ts'
export { inline as inlineExecutor } from './jobs/inline.ts'
export { type Start as TrainingStart, startFrom } from './training/start.ts'
export {
  type Epoch as TrainingEpoch,
  type TrainContext,
  type TrainingState,
  randomStart,
  train,
} from './training/train.ts'
export { type TrainingData, trainingData } from './training/training-data.ts'

export { robustnessQuestion, verify } from './ladder/verify.ts'
export type { VerifyOptions } from './ladder/verify-question.ts'

export { type CertifyOptions, certify } from './ladder/certify.ts'
export type { CertifyRow } from './ladder/rows.ts'
export type { LargerBall } from './ladder/larger-ball.ts'
export { type StepName, stepNames } from './ladder/steps/index.ts'
export { type ErrorCount, type LadderSummary, summarise } from './ladder/summary.ts'

export { type AttackRunOptions, type PgdSettings, attack as attackImages } from './attacks/attack.ts'
export { type AttackMethod, type AttackRow, attackMethods } from './attacks/attack-row.ts'

export { architectureSvg } from './report/architecture-svg.ts'
export { curvesSvg } from './report/curves.ts'
