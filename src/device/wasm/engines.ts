/** Engines to borrow: making one costs more than many a question. */
import { Engine } from './engine.ts'

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
    idle.push(engine)
  }
}
