/**
 * Progress on stderr: a bar on a screen, a plain line every few seconds elsewhere (also on a terminal that is dumb). Results go to stdout; this never.
 */
import { SingleBar } from 'cli-progress'
import { fitParts, isScreen, widthOf } from './fit.ts'

const PLAIN_LINE_MS = 5000

export class Progress {
  readonly #stream: NodeJS.WriteStream
  #bar: SingleBar | undefined
  #label = ''
  #total = 0
  #lastLine = performance.now()

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream
  }

  /** Begins a part of the work: `total` steps, under a label. Ends the one before. */
  start(label: string, total: number): void {
    this.finish()
    this.#label = label
    this.#total = total
    if (!isScreen(this.#stream)) return
    this.#bar = new SingleBar({
      format: `${label} {bar} {percentage} % {note}`,
      stream: this.#stream,
      clearOnComplete: true,
      hideCursor: true,
      barsize: 30,
      fps: 8,
      barCompleteChar: '█',
      barIncompleteChar: '░',
    })
    this.#bar.start(total, 0, { note: '' })
  }

  /** @param note what else to say: running loss, time left */
  update(done: number, note: string): void {
    this.#bar?.update(done, { note })
    if (this.#bar || performance.now() - this.#lastLine < PLAIN_LINE_MS) return
    this.line(`${this.#label} ${Math.floor((100 * done) / this.#total)} % ${note}`)
  }

  /** Prints a line that stays, of several parts; on a terminal over as many lines as it needs. */
  line(...parts: readonly string[]): void {
    this.finish()
    this.#stream.write(`${this.#stream.isTTY ? fitParts(parts, widthOf(this.#stream)) : parts.join('  ')}\n`)
    this.#lastLine = performance.now()
  }

  finish(): void {
    this.#bar?.stop()
    this.#bar = undefined
  }
}

/** Estimates the time left from the share of the work that was done since it was made. */
export class Clock {
  readonly #start = performance.now()
  #first: number | undefined

  /** Since it was made. */
  get seconds(): number {
    return (performance.now() - this.#start) / 1000
  }

  /** '3 min 20 s left', or nothing at the beginning. */
  left(done: number, total: number): string {
    this.#first ??= done
    const worked = done - this.#first
    const { seconds } = this
    return worked <= 0 || seconds < 2 ? '' : `${formatSeconds((seconds / worked) * (total - done))} left`
  }
}

/** 7 s, 3 min 20 s, 2 h 5 min. */
export function formatSeconds(seconds: number): string {
  const s = Math.max(0, Math.round(seconds))
  if (s < 60) return `${s} s`
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`
}

/** Shows how the files of one's own data are read. */
export function readProgress(progress: Progress) {
  let current = ''
  return ({ what, done, total }: { what: string; done: number; total: number }) => {
    if (what !== current) progress.start((current = what), total)
    progress.update(done, `${done}/${total} files`)
  }
}

/** Shows a download of data files. */
export function downloadProgress(progress: Progress) {
  let current = ''
  return ({ file, received, total }: { file: string; received: number; total?: number }) => {
    if (file !== current) progress.start(`downloading ${(current = file)}`, total ?? 1)
    progress.update(total === undefined ? 0 : received, `${(received / 1e6).toFixed(1)} MB`)
    if (received === total) progress.finish()
  }
}
