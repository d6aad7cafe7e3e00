/** The exports of src/device/wasm/assembly/index.ts. Numbers are byte pointers or counts; see there for what each kernel does. */
type Kernel = (...args: number[]) => void

export interface Kernels {
  readonly propagate: Kernel
  readonly startRows: Kernel
  readonly startRowsAdjoint: Kernel
  readonly reluRows: Kernel
  readonly reluRowsAdjoint: Kernel
  readonly inputTerm: Kernel
  readonly inputTermAdjoint: Kernel
  readonly inputNorm: Kernel
  readonly inputNormAdjoint: Kernel
  readonly referenceSpace: Kernel
  readonly referenceSpaceAdjoint: Kernel
  readonly medianMagnitudes: Kernel
  readonly fillBias: Kernel
  readonly biasGradient: Kernel
  readonly relu: Kernel
  readonly reluAdjoint: Kernel
  readonly reluInterval: Kernel
  readonly reluIntervalAdjoint: Kernel
  readonly intervalEnds: Kernel
  readonly intervalEndsAdjoint: Kernel
  readonly absolute: Kernel
  readonly absoluteAdjoint: Kernel
  readonly addTo: Kernel
  readonly relaxation: Kernel
  readonly relaxationAdjoint: Kernel
  readonly listActive: Kernel
  readonly scatterConvolution: Kernel
  readonly scatterSparse: Kernel
  readonly dualSweep: Kernel
  readonly boxPoint: Kernel
  readonly addForm: Kernel
  readonly boundForm: Kernel
  readonly ballBound: Kernel
  readonly ballPoint: Kernel
  readonly primalSweep: Kernel
  readonly ascend: Kernel
  readonly channelSums: Kernel
  readonly scaleChannels: Kernel
  readonly scaleChannelsAdjoint: Kernel
  readonly boxEnds: Kernel
  readonly climbBox: Kernel
  readonly copyColumns: Kernel
  readonly multiplyAddPeak: Kernel
}

export type KernelVariant = 'simd' | 'relaxed'

/** A module of one function `f32x4.relaxed_madd(0, 0, 0)`: it validates only where relaxed SIMD is there. */
const relaxedProbe = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0, 65, 0, 253, 17, 65, 0, 253, 17, 65,
  0, 253, 17, 253, 133, 2, 11,
])

/** The fastest variant that this machine runs. */
export const detectVariant = (): KernelVariant => (WebAssembly.validate(relaxedProbe) ? 'relaxed' : 'simd')
