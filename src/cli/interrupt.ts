/**
 * Ctrl-C and `kill` end a command at once. Files are written atomically and synchronously, so there is nothing to clean up
 * but locks, which go when the process ends.
 *
 * Node hears signals between two turns of its event loop, so whoever calls `onInterrupt` must not compute in the main
 * thread for long. Commands that leave nothing behind do not call it: the system ends them, whatever they are at.
 */
import { isScreen } from './fit.ts'

/** @param left what can truly be said when the command is stopped: what it has kept, how to continue */
export function onInterrupt(left: () => string): () => void {
  const handlers = { SIGINT: 130, SIGTERM: 143 } as const
  const stops = Object.entries(handlers).map(([signal, code]) => {
    const stop = () => {
      // The cursor was hidden by a progress bar.
      process.stderr.write(`${isScreen(process.stderr) ? '\x1b[?25h' : ''}\nrobustra: stopped. ${left()}\n`)
      process.exit(code)
    }
    process.once(signal, stop)
    return () => void process.off(signal, stop)
  })
  return () => stops.forEach((remove) => remove())
}
