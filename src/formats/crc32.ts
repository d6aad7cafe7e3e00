/**
 * CRC-32 of gzip, zip and PNG: the remainder of the bytes, as a polynomial over GF(2), by 0x04c11db7 (bits reversed).
 * Source: PNG specification, annex D, https://www.w3.org/TR/png/#D-CRCAppendix
 */
const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1
  return rest
})

/** @param before the sum of the bytes before these @returns an unsigned integer of 32 bits */
export function crc32(bytes: Uint8Array, before = 0): number {
  let rest = ~before
  for (let i = 0; i < bytes.length; i++) rest = table[(rest ^ bytes[i]) & 0xff] ^ (rest >>> 8)
  return ~rest >>> 0
}
