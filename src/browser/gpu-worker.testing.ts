/** The worker of gpu-scenario.testing.ts: says what it computes. */
import { here } from './gpu-scenario.testing.ts'

postMessage(await here())
