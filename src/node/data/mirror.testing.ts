/** Folders of data sets, and mirrors to download them from, on this machine: gone after each test. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { type RequestListener, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, vi } from 'vitest'

/** A folder for all, the user's folder in it, and the cache of downloads, which does not exist yet. */
export interface Folders {
  root: string
  folder: string
  cache: string
}

/** @param name of the data set: its folder in the cache. @returns what is filled in before each test */
export function useFolders(name: string): Folders {
  const folders: Folders = { root: '', folder: '', cache: '' }
  beforeEach(() => {
    folders.root = mkdtempSync(join(tmpdir(), 'robustra-data-'))
    folders.folder = join(folders.root, 'data')
    folders.cache = join(folders.root, 'robustra', name)
    mkdirSync(folders.folder)
    vi.stubEnv('XDG_CACHE_HOME', folders.root)
    vi.stubEnv('LOCALAPPDATA', folders.root)
  })
  afterEach(() => {
    vi.unstubAllEnvs()
    rmSync(folders.root, { recursive: true })
  })
  return folders
}

const close: (() => void)[] = []

/** A server, which `closeMirrors` stops. @returns its address, with a final slash */
export async function startMirror(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  close.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** For `afterEach`. */
export const closeMirrors = (): void => close.splice(0).forEach((stop) => stop())

/** A data set whose only mirror is a server here. @param sent what it sends for a file */
export async function withMirror<T extends { readonly mirrors: readonly string[] }>(
  dataset: T,
  sent: (file: string) => Uint8Array,
): Promise<{ readonly source: T; readonly requests: readonly string[] }> {
  const requests: string[] = []
  const address = await startMirror((request, response) => {
    requests.push(request.url!)
    response.end(sent(request.url!.slice(1)))
  })
  return { source: { ...dataset, mirrors: [address] }, requests }
}
