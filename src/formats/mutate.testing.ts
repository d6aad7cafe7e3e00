/** Damaged copies of files and messages, for fuzz tests. */
import type { Random } from '../base/random.ts'

const EDGES = [0, 1, 0x7f, 0x80, 0xfe, 0xff]

/** A copy with one to three kinds of damage: bits, bytes, lengths, cuts, and parts that are moved, doubled or lost. */
export function mutateBytes(random: Random, original: Uint8Array): Uint8Array {
  let bytes = Buffer.from(original)
  for (let left = 1 + random.integer(3); left > 0 && bytes.length > 0; left--) bytes = damage(random, bytes)
  return bytes
}

function damage(random: Random, bytes: Buffer): Buffer<ArrayBuffer> {
  const at = random.integer(bytes.length)
  const length = 1 + random.integer(Math.min(64, bytes.length - at))
  const part = bytes.subarray(at, at + length)
  const copy = Buffer.from(bytes)
  switch (random.integer(7)) {
    case 0:
      for (let i = 1 + random.integer(8); i > 0; i--) copy[random.integer(copy.length)] ^= 1 << random.integer(8)
      return copy
    case 1:
      return copy.fill(random.integer(2) === 0 ? EDGES[random.integer(EDGES.length)] : random.integer(256), at, at + 1)
    case 2:
      return copy.subarray(0, at)
    case 3:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + length)])
    case 4: {
      const to = random.integer(bytes.length)
      return Buffer.concat([copy.subarray(0, to), part, copy.subarray(to)])
    }
    case 5:
      copy.set(part.subarray(0, bytes.length - random.integer(bytes.length)), random.integer(bytes.length - length + 1))
      return copy
    default: {
      // A length field, little-endian or as protocol buffers write it.
      const field = Buffer.alloc(8)
      const value = 2 ** random.integer(64) - random.integer(3)
      if (random.integer(2) === 0) field.writeBigUInt64LE(BigInt(Math.max(0, Math.min(value, 2 ** 63))))
      else field.fill(0xff).writeUInt8(random.integer(128), random.integer(8))
      copy.set(field.subarray(0, Math.min(1 + random.integer(8), copy.length - at)), at)
      return copy
    }
  }
}

/** A deep copy of plain data with a few numbers and texts changed; texts mostly to others of the same data. */
export function mutateValues<T>(random: Random, original: T): T {
  const copy = structuredClone(original)
  const places: { readonly holder: Record<string, unknown>; readonly key: string }[] = []
  const collect = (holder: Record<string, unknown>) => {
    for (const [key, value] of Object.entries(holder)) {
      if (typeof value === 'number' || typeof value === 'string') places.push({ holder, key })
      else if (value !== null && typeof value === 'object' && !ArrayBuffer.isView(value))
        collect(value as typeof holder)
    }
  }
  collect(copy as Record<string, unknown>)
  const texts = places.map(({ holder, key }) => holder[key]).filter((value) => typeof value === 'string')
  for (let left = 1 + random.integer(3); left > 0; left--) {
    const { holder, key } = places[random.integer(places.length)]
    holder[key] = typeof holder[key] === 'string' ? texts[random.integer(texts.length)] : wholeNumber(random)
  }
  return copy
}

function wholeNumber(random: Random): number {
  const size = random.integer(4) === 0 ? 2 ** random.integer(60) : random.integer(8)
  return random.integer(4) === 0 ? -size : size
}
