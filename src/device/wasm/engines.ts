/** Engines to borrow: making one costs more than many a question. */
import { Engine } from './engine.ts'

/** Engines that have used more memory are not kept, since memory of WebAssembly never shrinks. */
const MOST_BYTES = 2 ** 28

/** Engines that nobody is using. */
const idle: Engine[] = []

/** Does some work with an engine; what it allocates is freed. */
export async function withEngine<T>(work: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = idle.pop() ?? (await Engine.create())
  const mark = engine.mark()
  try {
    return await work(engine)
  } finally {
    engine.release(mark)
    if (engine.peakBytes <= MOST_BYTES) idle.push(engine)
  }
}
