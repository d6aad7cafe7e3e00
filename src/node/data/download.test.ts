import type { RequestListener } from 'node:http'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { UserError } from '../../base/errors.ts'
import { type DownloadProgress, cacheDirectory, download } from './download.ts'
import { closeMirrors, startMirror } from './mirror.testing.ts'

afterEach(closeMirrors)

/** A mirror on this machine. */
const serve = async (answer: RequestListener) => `${await startMirror(answer)}sub/`

const accept = () => {}

test('asks the mirror for the file and reports progress', async () => {
  const mirror = await serve((request, response) => response.end(request.url))
  const seen: DownloadProgress[] = []
  const bytes = await download('file.gz', [mirror], accept, { onProgress: (progress) => seen.push(progress) })
  expect(new TextDecoder().decode(bytes)).toBe('/sub/file.gz')
  expect(seen.at(-1)).toEqual({ file: 'file.gz', received: 12, total: 12 })
})

test('leaves out a total that the server does not say', async () => {
  const mirror = await serve((_, response) => {
    response.write('chunk')
    response.end()
  })
  const seen: DownloadProgress[] = []
  await download('file', [mirror], accept, { onProgress: (progress) => seen.push(progress) })
  expect(seen.at(-1)).toEqual({ file: 'file', received: 5 })
})

test('tries the next mirror until one passes the check', async () => {
  const missing = await serve((_, response) => response.writeHead(404).end())
  const wrong = await serve((_, response) => response.end('wrong'))
  const right = await serve((_, response) => response.end('right'))
  const check = (bytes: Uint8Array) => {
    if (new TextDecoder().decode(bytes) !== 'right') throw new UserError('sent something else')
  }
  expect(new TextDecoder().decode(await download('f', [missing, wrong, right], check))).toBe('right')
  await expect(download('f', [missing, wrong], check)).rejects.toThrow(
    /^cannot download f \(127\.0\.0\.1:\d+: HTTP status 404; 127\.0\.0\.1:\d+: sent something else\)$/,
  )
})

test('gives up a mirror that falls silent, breaks off or sends too much', async () => {
  const silent = await serve((_, response) => response.write('a'))
  const mute = await serve(() => {})
  const broken = await serve((_, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('a')
    setTimeout(() => response.destroy(), 20)
  })
  const long = await serve((_, response) => response.end('x'.repeat(1001)))
  const options = { stallMs: 200, maxBytes: 1000 }
  await expect(download('f', [silent], accept, options)).rejects.toThrow('no data for 0.2 s')
  await expect(download('f', [mute], accept, options)).rejects.toThrow('no data for 0.2 s')
  await expect(download('f', [broken], accept, options)).rejects.toThrow('terminated')
  await expect(download('f', [long], accept, options)).rejects.toThrow('more than 1000 bytes')
})

test('names the reason when there is no server', async () => {
  const mirror = await serve(accept)
  closeMirrors()
  await expect(download('f', [mirror], accept)).rejects.toThrow(/fetch failed, ECONNREFUSED/)
  await expect(download('f', [], accept)).rejects.toThrow('no mirrors')
})

test('the cache follows the conventions of the system', () => {
  expect(cacheDirectory({ XDG_CACHE_HOME: '/cache' }, 'linux')).toBe(join('/cache', 'robustra'))
  expect(cacheDirectory({ XDG_CACHE_HOME: 'relative' }, 'linux')).toBe(join(homedir(), '.cache', 'robustra'))
  expect(cacheDirectory({}, 'darwin')).toBe(join(homedir(), '.cache', 'robustra'))
  expect(cacheDirectory({ LOCALAPPDATA: 'C:/Local' }, 'win32')).toBe(join('C:/Local', 'robustra'))
})
