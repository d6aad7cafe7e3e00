/** Downloads of data files: mirrors tried in turn, with progress, and the folder they are kept in. */
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { UserError } from '../../base/errors.ts'

export interface DownloadProgress {
  /** Name of the file that is being downloaded. */
  readonly file: string
  /** Bytes so far. */
  readonly received: number
  /** Bytes in all, if the server says. */
  readonly total?: number
}

export interface DownloadOptions {
  readonly onProgress?: (progress: DownloadProgress) => void
  /** Milliseconds without a byte after which a mirror is given up; 30,000 by default. */
  readonly stallMs?: number
  /** A mirror that sends more is given up; 1 GiB by default. */
  readonly maxBytes?: number
}

/** This program's own cache folder: of XDG on Unix, of the local application data on Windows. It may not exist yet. */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env, platform: string = process.platform): string {
  if (platform === 'win32') return join(env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'robustra')
  const xdg = env['XDG_CACHE_HOME']
  // The XDG specification has relative paths ignored.
  return join(xdg && isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'robustra')
}

/**
 * Downloads `file` from the first of the `mirrors` (base addresses with a final slash) whose answer passes `check`.
 * @param check throws a UserError if the bytes are not what was wanted
 * @throws UserError saying what each mirror did, when none is left
 */
export async function download(
  file: string,
  mirrors: readonly string[],
  check: (bytes: Uint8Array) => void,
  options: DownloadOptions = {},
): Promise<Uint8Array> {
  const failures: string[] = []
  for (const mirror of mirrors) {
    const url = new URL(file, mirror)
    try {
      const bytes = await fetchWhole(url, file, options)
      check(bytes)
      return bytes
    } catch (error) {
      failures.push(`${url.host}: ${reason(error)}`)
    }
  }
  throw new UserError(`cannot download ${file} (${failures.join('; ') || 'no mirrors'})`)
}

async function fetchWhole(url: URL, file: string, options: DownloadOptions): Promise<Uint8Array> {
  const { onProgress, stallMs = 30_000, maxBytes = 2 ** 30 } = options
  const stall = new AbortController()
  const timer = setTimeout(() => stall.abort(new Error(`no data for ${stallMs / 1000} s`)), stallMs)
  try {
    const response = await fetch(url, { signal: stall.signal })
    if (!response.ok || !response.body) throw new Error(`HTTP status ${response.status}`)
    // The length of an encoded answer is not that of the decoded bytes that are counted here.
    const length = response.headers.has('content-encoding') ? 0 : Number(response.headers.get('content-length'))
    const chunks: Uint8Array[] = []
    let received = 0
    for await (const chunk of response.body) {
      timer.refresh()
      chunks.push(chunk)
      received += chunk.length
      if (received > maxBytes) throw new Error(`more than ${maxBytes} bytes`)
      onProgress?.({ file, received, ...(length > 0 && { total: length }) })
    }
    return Buffer.concat(chunks)
  } finally {
    clearTimeout(timer)
    stall.abort()
  }
}

/** fetch says only 'fetch failed' or 'terminated'; the cause has the code. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  if (!(cause instanceof Error)) return error.message
  return 'code' in cause ? `${error.message}, ${cause.code}` : `${error.message}, ${cause.message}`
}
