/** The kernels: everything that TypeScript calls. */
export { propagate } from './propagate'
export { reluRows, reluRowsAdjoint } from './rows'
export { startRows, startRowsAdjoint } from './start-rows'
export { inputTerm, inputTermAdjoint } from './input-term'
export { inputNorm, inputNormAdjoint } from './input-norm'
export {
  absolute, absoluteAdjoint, addTo, biasGradient, fillBias, intervalEnds, intervalEndsAdjoint, listActive,
  relaxation, relaxationAdjoint, relu, reluAdjoint, reluInterval, reluIntervalAdjoint,
} from './neurons'
export { referenceSpace, referenceSpaceAdjoint } from './reference-space'
export { medianMagnitudes } from './select'
export { scatterConvolution, scatterSparse } from './scatter'
export { ascend, boxPoint, dualSweep, primalSweep } from './sweep'
export { addForm, boundForm } from './forms'
export { ballBound, ballPoint } from './input-ball'
export { channelSums, scaleChannels, scaleChannelsAdjoint } from './channels'
export { boxEnds, climbBox, copyColumns } from './climb'
export { multiplyAddPeak } from './peak'
