/** Made by scripts/build-kernels.mjs from src/device/wasm/assembly/, whose comments say more: do not edit. */
import type { Blocks, Doubles, Floats, Integers, Pointer, Scalar } from './pointers.ts'

/** The functions that assembly/index.ts exports. */
export interface Kernels {
  propagate(
    operation: Scalar,
    transposed: boolean,
    geometry: Pointer<'Geometry'>,
    blockCount: Scalar,
    outBlocks: Blocks,
    outBase: Floats,
    outActive: Pointer<'Active'>,
    inBlocks: Blocks,
    inBase: Floats,
    inActive: Pointer<'Active'>,
    weights: Floats,
    scratch: Integers,
  ): void
  reluRows(
    channelCount: Scalar,
    imageWidth: Scalar,
    area: Scalar,
    blockCount: Scalar,
    blocks: Blocks,
    base: Floats,
    active: Pointer<'Active'>,
    slope: Floats,
    gap: Floats,
    bias: Floats,
    magnitude: Floats,
    constant: Floats,
    lower: Floats,
    upper: Floats,
    error: Floats,
  ): void
  reluRowsAdjoint(
    channelCount: Scalar,
    imageWidth: Scalar,
    area: Scalar,
    blockCount: Scalar,
    blocks: Blocks,
    value: Floats,
    gradient: Floats,
    active: Pointer<'Active'>,
    slope: Floats,
    gap: Floats,
    bias: Floats,
    slopeGradient: Floats,
    gapGradient: Floats,
    biasGradient: Floats,
    constant: Floats,
    lower: Floats,
    upper: Floats,
  ): void
  startRows(
    accumulate: boolean,
    g: Pointer<'Geometry'>,
    blockCount: Scalar,
    positions: Integers,
    blocks: Blocks,
    base: Floats,
    active: Pointer<'Active'>,
    plus: Integers,
    minus: Integers,
    weights: Floats,
    bias: Floats,
    constant: Floats,
  ): void
  startRowsAdjoint(
    g: Pointer<'Geometry'>,
    blockCount: Scalar,
    positions: Integers,
    blocks: Blocks,
    base: Floats,
    active: Pointer<'Active'>,
    plus: Integers,
    minus: Integers,
    weightGradient: Floats,
    biasGradient: Floats,
    constant: Floats,
  ): void
  inputTerm(
    channels: Scalar,
    imageWidth: Scalar,
    area: Scalar,
    blockCount: Scalar,
    blocks: Blocks,
    base: Floats,
    centre: Floats,
    radius: Floats,
    stride: Scalar,
    centreSum: Floats,
    radiusSum: Floats,
  ): void
  inputTermAdjoint(
    channels: Scalar,
    imageWidth: Scalar,
    area: Scalar,
    blockCount: Scalar,
    blocks: Blocks,
    value: Floats,
    gradient: Floats,
    centre: Floats,
    radius: Floats,
    stride: Scalar,
    centreGradient: Floats,
    radiusGradient: Floats,
  ): void
  inputNorm(
    isLargest: boolean,
    channels: Scalar,
    imageWidth: Scalar,
    area: Scalar,
    blockCount: Scalar,
    blocks: Blocks,
    base: Floats,
    radius: Floats,
    stride: Scalar,
    norm: Floats,
  ): void
  inputNormAdjoint(
    isLargest: boolean,
    channels: Scalar,
    imageWidth: Scalar,
    area: Scalar,
    blockCount: Scalar,
    blocks: Blocks,
    value: Floats,
    gradient: Floats,
    radius: Floats,
    stride: Scalar,
    norm: Floats,
    normGradient: Floats,
  ): void
  absolute(count: Scalar, x: Floats, y: Floats): void
  absoluteAdjoint(count: Scalar, x: Floats, dx: Floats, dy: Floats): void
  addTo(count: Scalar, x: Floats, y: Floats): void
  biasGradient(channels: Scalar, width: Scalar, gradient: Floats, y: Floats): void
  fillBias(channels: Scalar, width: Scalar, bias: Floats, y: Floats): void
  intervalEnds(
    count: Scalar,
    centre: Floats,
    radius: Floats,
    lower: Floats,
    upper: Floats,
    magnitude: Floats,
    error: Scalar,
  ): void
  intervalEndsAdjoint(
    count: Scalar,
    lowerGradient: Floats,
    upperGradient: Floats,
    centreGradient: Floats,
    radiusGradient: Floats,
  ): void
  listActive(
    channelCount: Scalar,
    area: Scalar,
    columns: Scalar,
    values: Floats,
    counts: Integers,
    channels: Integers,
  ): void
  relaxation(neurons: Scalar, lower: Floats, upper: Floats, stride: Scalar, slope: Floats, gap: Floats): void
  relaxationAdjoint(
    neurons: Scalar,
    lower: Floats,
    upper: Floats,
    lowerGradient: Floats,
    upperGradient: Floats,
    stride: Scalar,
    slopeGradient: Floats,
    gapGradient: Floats,
  ): void
  relu(count: Scalar, x: Floats, y: Floats): void
  reluAdjoint(count: Scalar, x: Floats, dx: Floats, dy: Floats): void
  reluInterval(count: Scalar, lower: Floats, upper: Floats, centre: Floats, radius: Floats): void
  reluIntervalAdjoint(
    count: Scalar,
    lower: Floats,
    upper: Floats,
    lowerGradient: Floats,
    upperGradient: Floats,
    centreGradient: Floats,
    radiusGradient: Floats,
  ): void
  referenceSpace(
    inputs: Scalar,
    rows: Scalar,
    own: Floats,
    reference: Floats,
    radius: Floats,
    stride: Scalar,
    multiplier: Floats,
    signs: Floats,
    sums: Floats,
    scratch: Floats,
  ): void
  referenceSpaceAdjoint(
    inputs: Scalar,
    rows: Scalar,
    signs: Floats,
    centre: Floats,
    radius: Floats,
    stride: Scalar,
    gradient: Floats,
    toCentre: Floats,
    toObjective: Floats,
  ): void
  medianMagnitudes(
    count: Scalar,
    list: Integers,
    width: Scalar,
    first: Scalar,
    dimension: Scalar,
    values: Floats,
    medians: Floats,
    places: Integers,
    scratch: Floats,
  ): void
  scatterConvolution(s: Pointer<'Shape'>, weights: Doubles, y: Doubles, x: Doubles): void
  scatterSparse(outputs: Scalar, start: Integers, source: Integers, weight: Doubles, y: Doubles, x: Doubles): void
  ascend(s: Pointer<'System'>, rate: Scalar, correction: Scalar): void
  boxPoint(s: Pointer<'System'>): void
  dualSweep(s: Pointer<'System'>): void
  primalSweep(s: Pointer<'System'>, exact: boolean): void
  addForm(to: Doubles, from: Doubles, length: Scalar, weight: Scalar): void
  boundForm(s: Pointer<'Cell'>, own: Doubles, length: Scalar, bias: Scalar, slack: Scalar): void
  ballBound(
    isSum: boolean,
    isCut: boolean,
    inputs: Scalar,
    rows: Scalar,
    coefficients: Doubles,
    below: Doubles,
    above: Doubles,
    epsilon: Scalar,
    bound: Doubles,
    level: Doubles,
  ): void
  ballPoint(
    isSum: boolean,
    inputs: Scalar,
    rows: Scalar,
    coefficients: Doubles,
    below: Doubles,
    above: Doubles,
    epsilon: Scalar,
    centre: Doubles,
    level: Doubles,
    values: Doubles,
  ): void
  channelSums(channels: Scalar, width: Scalar, x: Floats, y: Floats, sums: Doubles): void
  scaleChannels(channels: Scalar, width: Scalar, coefficients: Floats, x: Floats, y: Floats): void
  scaleChannelsAdjoint(channels: Scalar, width: Scalar, coefficients: Floats, x: Floats, dx: Floats, dy: Floats): void
  boxEnds(count: Scalar, centre: Floats, radius: Floats, low: Scalar, high: Scalar, lower: Floats, upper: Floats): void
  climbBox(count: Scalar, x: Floats, gradient: Floats, radius: Floats, step: Scalar, lower: Floats, upper: Floats): void
  copyColumns(count: Scalar, columns: Scalar, masks: Integers, from: Floats, to: Floats): void
  multiplyAddPeak(repetitions: Scalar, factors: Floats): void
}

/** The fields of the structs in memory. */
export interface Structs {
  readonly Cell: {
    readonly inputs: Scalar
    readonly forms: Integers
    readonly lengths: Integers
    readonly bias: Doubles
    readonly slack: Doubles
    readonly lowerSlope: Doubles
    readonly upperSlope: Doubles
    readonly intercept: Doubles
    readonly centre: Doubles
    readonly radius: Doubles
    readonly coefficients: Doubles
    readonly bound: Doubles
  }
  readonly Geometry: {
    readonly inChannels: Scalar
    readonly inHeight: Scalar
    readonly inWidth: Scalar
    readonly outChannels: Scalar
    readonly outHeight: Scalar
    readonly outWidth: Scalar
    readonly kernel: Scalar
    readonly stride: Scalar
    readonly padding: Scalar
    readonly groups: Scalar
  }
  readonly Block: {
    readonly y: Scalar
    readonly x: Scalar
    readonly height: Scalar
    readonly width: Scalar
    readonly rows: Scalar
    readonly offset: Scalar
    readonly firstRow: Scalar
  }
  readonly Active: {
    readonly counts: Integers
    readonly channels: Integers
  }
  readonly Shape: {
    readonly inChannels: Scalar
    readonly inHeight: Scalar
    readonly inWidth: Scalar
    readonly outChannels: Scalar
    readonly outHeight: Scalar
    readonly outWidth: Scalar
    readonly kernelHeight: Scalar
    readonly kernelWidth: Scalar
    readonly strideY: Scalar
    readonly strideX: Scalar
    readonly dilationY: Scalar
    readonly dilationX: Scalar
    readonly paddingTop: Scalar
    readonly paddingLeft: Scalar
    readonly groups: Scalar
  }
  readonly System: {
    readonly inputs: Scalar
    readonly neurons: Scalar
    readonly rows: Scalar
    readonly columnStart: Integers
    readonly columnNeuron: Integers
    readonly columnWeight: Doubles
    readonly rowStart: Integers
    readonly rowSource: Integers
    readonly rowWeight: Doubles
    readonly bias: Doubles
    readonly slack: Doubles
    readonly centre: Doubles
    readonly radius: Doubles
    readonly own: Doubles
    readonly constant: Doubles
    readonly coefficients: Doubles
    readonly hat: Doubles
    readonly slope: Doubles
    readonly intercept: Doubles
    readonly variable: Doubles
    readonly values: Doubles
    readonly before: Doubles
    readonly bound: Doubles
    readonly momentum: Doubles
    readonly square: Doubles
    readonly scale: Doubles
  }
}

/** In which order they lie, 4 bytes each. */
export const fieldsOf: { readonly [Name in keyof Structs]: readonly (keyof Structs[Name])[] } = {
  Cell: [
    'inputs',
    'forms',
    'lengths',
    'bias',
    'slack',
    'lowerSlope',
    'upperSlope',
    'intercept',
    'centre',
    'radius',
    'coefficients',
    'bound',
  ],
  Geometry: [
    'inChannels',
    'inHeight',
    'inWidth',
    'outChannels',
    'outHeight',
    'outWidth',
    'kernel',
    'stride',
    'padding',
    'groups',
  ],
  Block: ['y', 'x', 'height', 'width', 'rows', 'offset', 'firstRow'],
  Active: ['counts', 'channels'],
  Shape: [
    'inChannels',
    'inHeight',
    'inWidth',
    'outChannels',
    'outHeight',
    'outWidth',
    'kernelHeight',
    'kernelWidth',
    'strideY',
    'strideX',
    'dilationY',
    'dilationX',
    'paddingTop',
    'paddingLeft',
    'groups',
  ],
  System: [
    'inputs',
    'neurons',
    'rows',
    'columnStart',
    'columnNeuron',
    'columnWeight',
    'rowStart',
    'rowSource',
    'rowWeight',
    'bias',
    'slack',
    'centre',
    'radius',
    'own',
    'constant',
    'coefficients',
    'hat',
    'slope',
    'intercept',
    'variable',
    'values',
    'before',
    'bound',
    'momentum',
    'square',
    'scale',
  ],
}
