/** Which build of the kernels a machine runs: with fused multiply-adds, or without. */
export type KernelVariant = 'simd' | 'relaxed'

/** A module of one function `f32x4.relaxed_madd(0, 0, 0)`: it validates only where relaxed SIMD is there. */
const relaxedProbe = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0, 65, 0, 253, 17, 65, 0, 253, 17, 65,
  0, 253, 17, 253, 133, 2, 11,
])

/** The fastest variant that this machine runs. */
export const detectVariant = (): KernelVariant => (WebAssembly.validate(relaxedProbe) ? 'relaxed' : 'simd')
