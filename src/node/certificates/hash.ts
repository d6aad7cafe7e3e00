/** What identifies networks and data sets in files of certificates: SHA-256 of what they hold. */
import { createHash } from 'node:crypto'
import type { Dataset } from '../../data/dataset.ts'
import type { Architecture, Network } from '../../model/network.ts'

/** Identifies what a network computes: its shapes and layers, not its name, and its parameters. */
export function hashOfNetwork({ architecture, parameters }: Network): string {
  return sha256(describe(architecture), bytesOf(parameters))
}

/** Identifies images and labels, not what they are called. */
export const hashOfDataset = ({ images, labels }: Dataset): string =>
  images instanceof Float32Array ? sha256('float32', bytesOf(images), labels) : sha256(images, labels)

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) => new Uint8Array(buffer, byteOffset, byteLength)

/** With the keys in a fixed order, however the objects were made. */
function describe({ input, layers }: Architecture): string {
  const sorted = (object: object) => Object.entries(object).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([sorted(input), layers.map(sorted)])
}

/** Hexadecimal digits. */
export function sha256(...parts: readonly (Uint8Array | string)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}
