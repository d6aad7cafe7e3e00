/** The worker of gpu-page.testing.ts: trains, and says what came of it. */
import { weightsHere } from './gpu-scenario.testing.ts'

postMessage(await weightsHere('projected'))
