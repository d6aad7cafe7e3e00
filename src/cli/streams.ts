/**
 * Output that is lost is an error; a reader that has gone (`| head -1`) is the end, as it is of other programs.
 * Node itself notices neither: it takes half a write to a full disk for a whole one, `console.log` swallows errors, and a
 * closed pipe is an exception without an owner.
 */
import { fstatSync, readFileSync, readlinkSync, writeSync } from 'node:fs'
import { UserError } from '../base/errors.ts'

/** What a shell says of a program that a closed pipe has ended. */
const CLOSED_PIPE = 128 + 13

type Standard = NodeJS.WriteStream & { readonly fd: 1 | 2 }

/** From here on, the process ends when what it prints cannot be written. */
export function guardStreams(): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (fstatSync(stream.fd).isFile()) writeWhole(stream)
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(CLOSED_PIPE)
      report(stream, error)
      process.exit(2)
    })
  }
}

/** Lets a stream into a file try again with what the disk had no room for, which then is an error. */
function writeWhole(stream: Standard): void {
  // oxlint-disable-next-line no-underscore-dangle -- that is its name in Node
  stream._write = (chunk: string | Uint8Array, encoding, done) => {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(stream.fd, bytes, at)
      done()
    } catch (error) {
      done(error as Error)
    }
  }
}

function report(stream: Standard, { code, message }: NodeJS.ErrnoException): void {
  if (stream.fd === 2) return
  const why = code === 'ENOSPC' ? 'no space left on the device' : message
  try {
    writeSync(2, `robustra: cannot write to standard output: ${why}\n`)
  } catch {
    // then nobody hears it, and the exit code has to do
  }
}

/**
 * For commands whose only result is what they print.
 * @throws UserError if standard output was closed (`>&-`) when the program was started
 */
export function requireOutput(): void {
  if (!wasClosed(1)) return
  throw new UserError('standard output is closed, and the result would go nowhere else: open it')
}

/** Instead of a closed stream Node opens /dev/null, for reading and writing: shells open it for writing alone. */
function wasClosed(descriptor: number): boolean {
  try {
    if (readlinkSync(`/proc/self/fd/${descriptor}`) !== '/dev/null') return false
    return /^flags:\s*\d*[26]$/m.test(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))
  } catch {
    return false
  }
}
