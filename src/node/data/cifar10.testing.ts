/** A CIFAR-10 of a few images, in place of the real one. */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Random } from '../../base/random.ts'
import { cifar10 } from '../../data/cifar10.ts'
import type { PublishedDataset } from '../../data/published.ts'
import { tarOf } from '../../formats/tar.testing.ts'

/** Random images in the binary format, `perBatch` in each of the six files. */
export function tinyCifar10(perBatch: number): Record<string, Uint8Array> {
  const random = new Random(7, 'tiny cifar10')
  return Object.fromEntries(
    Object.values(cifar10.parts)
      .flat()
      .map((name) => {
        const bytes = Uint8Array.from({ length: perBatch * 3073 }, (_, i) => random.integer(i % 3073 === 0 ? 10 : 256))
        return [name, bytes]
      }),
  )
}

export const md5Of = (files: Record<string, Uint8Array>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(files).map(([name, bytes]) => [name, createHash('md5').update(bytes).digest('hex')]),
  )

/** CIFAR-10 with the checksums of these files, and without a mirror. */
export const sourceOf = (files: Record<string, Uint8Array>): PublishedDataset => ({
  ...cifar10,
  md5: md5Of(files),
  mirrors: [],
})

/** Puts files into a folder, which is made if need be. */
export function putFiles(folder: string, files: Record<string, Uint8Array>, change = (bytes: Uint8Array) => bytes) {
  mkdirSync(folder, { recursive: true })
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), change(bytes))
}

/** As published: a folder, its readme and the files, compressed. */
export const archiveOf = (files: Record<string, Uint8Array>): Uint8Array =>
  gzipSync(
    tarOf([
      { path: 'cifar-10-batches-bin/', type: '5' },
      { path: 'cifar-10-batches-bin/readme.html', data: new TextEncoder().encode('<html>') },
      ...Object.entries(files).map(([name, data]) => ({ path: `cifar-10-batches-bin/${name}`, data })),
    ]),
  )
