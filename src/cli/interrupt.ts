/** Ctrl-C and `kill`: stop at once. Files are written atomically and synchronously, so there is nothing to clean up. */

/** @param hint how to continue, which is printed when the command is stopped */
export function onInterrupt(hint: string): () => void {
  const handlers = { SIGINT: 130, SIGTERM: 143 } as const
  const stops = Object.entries(handlers).map(([signal, code]) => {
    const stop = () => {
      // The cursor was hidden by a progress bar.
      process.stderr.write(`${process.stderr.isTTY ? '\x1b[?25h' : ''}\nrobustra: stopped. ${hint}\n`)
      process.exit(code)
    }
    process.once(signal, stop)
    return () => void process.off(signal, stop)
  })
  return () => stops.forEach((remove) => remove())
}
