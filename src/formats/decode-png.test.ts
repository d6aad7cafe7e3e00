import { PNG } from 'pngjs'
import { describe, expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { UserError } from '../base/errors.ts'
import { concatenate, toLatin1 } from './bytes.ts'
import { crc32 } from './crc32.ts'
import { decodePng, pngSize } from './decode-png.ts'
import { mutateBytes } from './mutate.testing.ts'
import { chunk, encodePng } from './png.ts'
import { zlibSync } from 'fflate'

const [GREY, RGB, PALETTE, GREY_ALPHA, RGBA] = [0, 2, 3, 4, 6]
const samplesOf: Record<number, number> = { [GREY]: 1, [RGB]: 3, [PALETTE]: 1, [GREY_ALPHA]: 2, [RGBA]: 4 }

interface Sketch {
  readonly width: number
  readonly height: number
  readonly depth: number
  readonly type: number
  readonly interlace?: 0 | 1
  readonly palette?: Uint8Array
  readonly transparent?: Uint8Array
  readonly random: Random
  /** Of the filtered bytes; small ones make ties, which the last filter must break as the standard says. */
  readonly largest?: number
}

/** A file of random filtered bytes: whatever a decoder makes of them is right if two decoders make the same. */
function randomPng(sketch: Sketch): Uint8Array {
  const { width, height, depth, type, interlace = 0, palette, transparent, random, largest = 255 } = sketch
  const header = new Uint8Array(13)
  const view = new DataView(header.buffer)
  view.setUint32(0, width)
  view.setUint32(4, height)
  header.set([depth, type, 0, 0, interlace], 8)
  const passes = interlace
    ? [
        [0, 0, 8, 8],
        [4, 0, 8, 8],
        [0, 4, 4, 8],
        [2, 0, 4, 4],
        [0, 2, 2, 4],
        [1, 0, 2, 2],
        [0, 1, 1, 2],
      ]
    : [[0, 0, 1, 1]]
  const lines: Uint8Array[] = []
  for (const [x, y, stepX, stepY] of passes) {
    const [columns, rows] = [Math.ceil((width - x) / stepX), Math.ceil((height - y) / stepY)]
    if (columns <= 0 || rows <= 0) continue
    for (let row = 0; row < rows; row++) {
      const length = Math.ceil((columns * samplesOf[type] * depth) / 8)
      const line = Uint8Array.from({ length }, () => random.integer(largest + 1))
      // filtered palettes and alpha would be out of range
      lines.push(Uint8Array.of(type === PALETTE ? 0 : random.integer(5)), line)
    }
  }
  return concatenate([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk('IHDR', header),
    ...(palette ? [chunk('PLTE', palette)] : []),
    ...(transparent ? [chunk('tRNS', transparent)] : []),
    chunk('IDAT', zlibSync(concatenate(lines))),
    chunk('IEND', new Uint8Array()),
  ])
}

/** What pngjs reads, as [channel][y][x]. */
function reference(bytes: Uint8Array, channels: number): number[] {
  const { width, height, data } = PNG.sync.read(Buffer.from(bytes))
  return Array.from({ length: channels * width * height }, (_, i) => {
    const [c, at] = [Math.floor(i / (width * height)), i % (width * height)]
    return data[4 * at + c]
  })
}

const depths: [type: number, depth: number][] = [
  ...[1, 2, 4, 8].map((depth): [number, number] => [GREY, depth]),
  [RGB, 8],
  ...[1, 2, 4, 8].map((depth): [number, number] => [PALETTE, depth]),
]

describe.each([0, 1] as const)('interlace %d', (interlace) => {
  test.each(depths)('type %d of %d bits is read as pngjs reads it', (type, depth) => {
    for (let seed = 0; seed < 6; seed++) {
      const random = new Random(seed, 'png')
      const palette = Uint8Array.from({ length: 3 * 2 ** depth }, () => random.integer(256))
      const bytes = randomPng({
        ...{ width: 1 + random.integer(13), height: 1 + random.integer(11), depth, type, interlace, random },
        ...(type === PALETTE && { palette }),
      })
      const { size, values } = decodePng(bytes, 'a.png')
      expect(size.channels).toBe(type === GREY ? 1 : 3)
      expect(pngSize(bytes, 'a.png')).toEqual(size)
      expect([...values]).toEqual(reference(bytes, size.channels))
    }
  })
})

test('ties of the last filter', () => {
  const bytes = randomPng({ width: 9, height: 40, depth: 8, type: GREY, random: new Random(3, 'png'), largest: 3 })
  expect([...decodePng(bytes, 'a.png').values]).toEqual(reference(bytes, 1))
})

test('16 bits are rounded to 8', () => {
  const random = new Random(1, 'png')
  const bytes = randomPng({ width: 5, height: 4, depth: 16, type: RGB, random })
  const read = decodePng(bytes, 'a.png').values
  // pngjs rounds, too
  expect([...read]).toEqual(reference(bytes, 3))
})

test('what was written is read', () => {
  for (const channels of [1, 3] as const) {
    const size = { channels, height: 6, width: 9 }
    const random = new Random(channels, 'png')
    const values = Uint8Array.from({ length: channels * 54 }, () => random.integer(256))
    expect(decodePng(encodePng(size, values), 'a.png')).toEqual({ size, values })
  }
})

test('a palette of greys is grey', () => {
  const palette = Uint8Array.of(0, 0, 0, 9, 9, 9, 200, 200, 200, 255, 255, 255)
  const bytes = randomPng({ width: 7, height: 3, depth: 2, type: PALETTE, palette, random: new Random(2, 'png') })
  expect(decodePng(bytes, 'a.png').size.channels).toBe(1)
  expect([...decodePng(bytes, 'a.png').values]).toEqual(reference(bytes, 1))
})

/** A picture of 2 × 1 pixels from its bytes. */
function tiny(type: number, line: number[], transparent?: Uint8Array, palette?: Uint8Array): Uint8Array {
  const bytes = randomPng({
    width: 2,
    height: 1,
    depth: 8,
    type,
    random: new Random(0, 'png'),
    ...({ transparent, palette } as object),
  })
  const chunks = toLatin1(bytes)
  const at = chunks.indexOf('IDAT') - 4
  return concatenate([
    bytes.subarray(0, at),
    chunk('IDAT', zlibSync(Uint8Array.of(0, ...line))),
    chunk('IEND', new Uint8Array()),
  ])
}

test('alpha is dropped where all is opaque, and refused elsewhere', () => {
  expect([...decodePng(tiny(GREY_ALPHA, [7, 255, 8, 255]), 'a.png').values]).toEqual([7, 8])
  expect([...decodePng(tiny(RGBA, [1, 2, 3, 255, 4, 5, 6, 255]), 'a.png').values]).toEqual([1, 4, 2, 5, 3, 6])
  const refuse = (bytes: Uint8Array) =>
    expect(() => decodePng(bytes, 'a.png')).toThrow('a.png is transparent at pixel 1, 0: save it without transparency')
  refuse(tiny(GREY_ALPHA, [7, 255, 8, 254]))
  refuse(tiny(RGBA, [1, 2, 3, 255, 4, 5, 6, 0]))
  refuse(tiny(GREY, [7, 8], Uint8Array.of(0, 8)))
  refuse(tiny(RGB, [1, 2, 3, 4, 5, 6], Uint8Array.of(0, 4, 0, 5, 0, 6)))
  refuse(tiny(PALETTE, [0, 1], Uint8Array.of(255, 9), Uint8Array.of(1, 1, 1, 2, 2, 2)))
  expect([...decodePng(tiny(RGB, [1, 2, 3, 4, 5, 6], Uint8Array.of(0, 4, 0, 5, 0, 7)), 'a.png').values]).toHaveLength(6)
})

test('damaged files are refused in one line', () => {
  const refuse = (bytes: Uint8Array, why: RegExp) => {
    expect(() => decodePng(bytes, 'a.png')).toThrow(why)
    expect(() => decodePng(bytes, 'a.png')).toThrow(UserError)
  }
  const good = encodePng({ channels: 1, height: 4, width: 4 }, new Uint8Array(16))
  refuse(good.subarray(0, 40), /^a.png is not a valid PNG: it is cut short$/)
  const flipped = good.slice()
  flipped[45] ^= 1
  refuse(flipped, /the checksum of IDAT is wrong/)
  refuse(tiny(GREY, [7]), /its pixels cannot be uncompressed/)
  refuse(tiny(GREY, [7, 8, 9]), /its pixels cannot be uncompressed/)
  refuse(tiny(PALETTE, [0, 2], undefined, Uint8Array.of(1, 1, 1, 2, 2, 2)), /its palette has no colour 2/)
  const vast = good.slice()
  vast.fill(0xff, 17, 20)
  refuse(withChecksums(vast), /at most 16777216 are read/)
})

test('damage is read or refused: never a crash', () => {
  const original = randomPng({ width: 9, height: 7, depth: 4, type: GREY, interlace: 1, random: new Random(5, 'png') })
  let read = 0
  for (let seed = 0; seed < 2000; seed++) {
    const bytes = mutateBytes(new Random(seed, 'damaged png'), original)
    try {
      decodePng(withChecksums(bytes), 'a.png')
      read++
    } catch (error) {
      if (!(error instanceof UserError)) throw error
    }
  }
  expect(read).toBeGreaterThan(5)
})

/** With the checksums right, which would hide all other damage. */
function withChecksums(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  const view = new DataView(copy.buffer)
  for (let at = 8; at + 12 <= copy.length;) {
    const end = at + 8 + view.getUint32(at)
    if (end + 4 > copy.length) break
    view.setUint32(end, crc32(copy.subarray(at + 4, end)))
    at = end + 4
  }
  return copy
}
