/** The public API of browsers: workers and the GPU. Everything else of the library is in 'robustra', whose files browsers read as bytes. */
export { webWorkers } from './web-workers.ts'
export { openGpu } from './webgpu.ts'
