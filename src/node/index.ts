/** The public API of Node: files, data sets and training runs. */
export { loadAnyNetwork as loadNetwork, saveAnyNetwork as saveNetwork } from './any-network.ts'
export { readVnnlib as loadProperty } from './properties/property-file.ts'

export { datasetNames } from '../data/names.ts'
export { type LoadOptions, loadDataset } from './data/load-dataset.ts'

export { type RunOptions, type RunResult, resumeRun, trainRun } from './training/run.ts'
