/** The public API of Node: files, data sets, threads, files of certificates and training runs. */
export { loadAnyNetwork as loadNetwork, saveAnyNetwork as saveNetwork } from './any-network.ts'
export { readVnnlib as loadProperty } from './properties/property-file.ts'

export { type DatasetSource, datasetNames } from '../data/names.ts'
export { type LoadOptions, loadDataset } from './data/load-dataset.ts'
export type { ReadProgress } from './data/reading.ts'

export { type CertifyFileOptions, certifyToFile } from './certificates/certify-to-file.ts'
export { type Target, targetOf } from './certificates/target-file.ts'
export type { CertifyHeader } from '../ladder/header.ts'
export type { CertifySummary } from '../ladder/run-summary.ts'
export { threads } from './threads.ts'
export { type GpuAdapter, listGpus, openGpu } from './webgpu.ts'

export { type ChooseDevice, type RunOptions, type RunResult, resumeRun, trainRun } from './training/run.ts'
