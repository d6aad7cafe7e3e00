/** The public API of browsers: workers. Everything else of the library is in 'robustra', whose files browsers read as bytes. */
export { webWorkers } from './web-workers.ts'
