/**
 * Arrays that threads share. Where there is no shared memory (in browsers, pages that are not isolated from other
 * origins), they are ordinary ones, which one thread can compute with all the same.
 */
const bufferOf = (bytes: number): ArrayBufferLike =>
  typeof SharedArrayBuffer === 'undefined' ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes)

export const sharedBytes = (length: number): Uint8Array => new Uint8Array(bufferOf(length))

export const sharedFloats = (length: number): Float32Array => new Float32Array(bufferOf(4 * length))
