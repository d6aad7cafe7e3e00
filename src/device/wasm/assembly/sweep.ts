/**
 * Bounds of a condensed system (src/search/system/condensed.ts) in float64, for a batch of rows at once; a row is one
 * linear function of the system, to be minimised, under splits and slopes of its own.
 *
 * `dualSweep` carries the rows from their last neuron to the input (over a ball, input-ball.ts does the rest),
 * `primalSweep` goes forwards from the input point where the bound is attained, and `ascend` makes a step up the
 * gradient that both together give. All arrays of a batch lie [neuron or input][row].
 */
import { Doubles, Integers } from './pointers'
import { madd64 } from './simd'

/** Pointers and counts, i32 each; written by src/device/wasm/sweep-batch.ts. */
@unmanaged
class System {
  inputs: i32
  neurons: i32
  /** Rows of the batch, a multiple of 8. */
  rows: i32
  /** Entries by source, inputs first: which neurons read it, and with which weight. */
  columnStart: Integers
  columnNeuron: Integers
  columnWeight: Doubles
  /** Entries by neuron: its sources. */
  rowStart: Integers
  rowSource: Integers
  rowWeight: Doubles
  /** Per neuron: constant, and what a unit of its coefficient costs in rounding. */
  bias: Doubles
  slack: Doubles
  /** Per input. */
  centre: Doubles
  radius: Doubles
  /** [input or neuron][row] and [row]: the rows themselves, their coefficients and constants. */
  own: Doubles
  constant: Doubles
  /** [input or neuron][row]: ν, all that reaches that source. */
  coefficients: Doubles
  /** [neuron][row]: ν̂, what reaches the ReLU from above. */
  hat: Doubles
  /** [neuron][row]: the upper line of the ReLU, slope and intercept; intercept > 0 only where it is unstable. */
  slope: Doubles
  intercept: Doubles
  /** [neuron][row]: the lower slope in [0, 1] where unstable, else the multiplier of the neuron's split. */
  variable: Doubles
  /** [input or neuron][row]: the input point, and what each neuron passes on at it. */
  values: Doubles
  /** [neuron][row]: value before the ReLU. */
  before: Doubles
  /** [row] */
  bound: Doubles
  /** [neuron][row]: moving averages of the gradient and its square (Adam), size of a step. */
  momentum: Doubles
  square: Doubles
  scale: Doubles
}

@inline
function index(base: u32, i: i32): i32 {
  return load<i32>(<usize>base + ((<usize>i) << 2))
}

@inline
function number(base: u32, i: i32): usize {
  return <usize>base + ((<usize>i) << 3)
}

/** Eight rows of `own` plus what reaches a source from the neurons that read it, to four vectors. */
let sum0: v128 = f64x2.splat(0), sum1: v128 = f64x2.splat(0), sum2: v128 = f64x2.splat(0), sum3: v128 = f64x2.splat(0)

@inline
function gather(entries: u32, weights: u32, first: i32, end: i32, from: usize, rowBytes: usize): void {
  let a = sum0, b = sum1, c = sum2, d = sum3
  for (let e = first; e < end; e++) {
    const weight = v128.load64_splat(number(weights, e))
    const at = from + <usize>index(entries, e) * rowBytes
    a = madd64(weight, v128.load(at), a)
    b = madd64(weight, v128.load(at, 16), b)
    c = madd64(weight, v128.load(at, 32), c)
    d = madd64(weight, v128.load(at, 48), d)
  }
  sum0 = a
  sum1 = b
  sum2 = c
  sum3 = d
}

/**
 * The rows' lower bounds over the box (a radius of 0 leaves the inputs' part at its centre). Where ν̂ > 0 a ReLU is replaced by its lower line, else by its upper one; the
 * multiplier of a split is added (Wang et al. 2021, Theorem 3.2).
 */
export function dualSweep(s: System): void {
  const rowBytes = (<usize>s.rows) << 3
  const neuronPart = <usize>s.coefficients + <usize>s.inputs * rowBytes
  memory.copy(<usize>s.bound, <usize>s.constant, rowBytes)
  for (let j = s.neurons - 1; j >= 0; j--) {
    const source = s.inputs + j
    const first = index(s.columnStart, source), end = index(s.columnStart, source + 1)
    const bias = v128.load64_splat(number(s.bias, j)), slack = v128.load64_splat(number(s.slack, j))
    for (let r: usize = 0; r < rowBytes; r += 64) {
      const at = <usize>j * rowBytes + r
      const own = <usize>s.own + <usize>s.inputs * rowBytes + at
      sum0 = v128.load(own)
      sum1 = v128.load(own, 16)
      sum2 = v128.load(own, 32)
      sum3 = v128.load(own, 48)
      gather(s.columnNeuron, s.columnWeight, first, end, neuronPart + r, rowBytes)
      const to = neuronPart + at
      relax(s, at, r, to, sum0, bias, slack)
      relax(s, at + 16, r + 16, to + 16, sum1, bias, slack)
      relax(s, at + 32, r + 32, to + 32, sum2, bias, slack)
      relax(s, at + 48, r + 48, to + 48, sum3, bias, slack)
    }
  }
  for (let i = 0; i < s.inputs; i++) {
    const first = index(s.columnStart, i), end = index(s.columnStart, i + 1)
    const centre = v128.load64_splat(number(s.centre, i)), radius = v128.load64_splat(number(s.radius, i))
    for (let r: usize = 0; r < rowBytes; r += 64) {
      const at = <usize>i * rowBytes + r, own = <usize>s.own + at, to = <usize>s.coefficients + at
      sum0 = v128.load(own)
      sum1 = v128.load(own, 16)
      sum2 = v128.load(own, 32)
      sum3 = v128.load(own, 48)
      gather(s.columnNeuron, s.columnWeight, first, end, neuronPart + r, rowBytes)
      meet(s, r, to, sum0, centre, radius)
      meet(s, r + 16, to + 16, sum1, centre, radius)
      meet(s, r + 32, to + 32, sum2, centre, radius)
      meet(s, r + 48, to + 48, sum3, centre, radius)
    }
  }
}

/** Two rows meet a ReLU. */
@inline
function relax(s: System, at: usize, row: usize, to: usize, hat: v128, bias: v128, slack: v128): void {
  const zero = f64x2.splat(0)
  const slope = v128.load(<usize>s.slope + at), intercept = v128.load(<usize>s.intercept + at)
  const variable = v128.load(<usize>s.variable + at)
  const unstable = f64x2.gt(intercept, zero), down = f64x2.lt(hat, zero)
  const lower = v128.bitselect(variable, slope, unstable)
  const split = v128.andnot(variable, unstable)
  const value = madd64(v128.bitselect(slope, lower, down), hat, split)
  v128.store(<usize>s.hat + at, hat)
  v128.store(to, value)
  const bound = <usize>s.bound + row
  let total = madd64(value, bias, v128.load(bound))
  total = madd64(v128.and(hat, down), intercept, total)
  v128.store(bound, f64x2.sub(total, f64x2.mul(slack, f64x2.abs(value))))
}

/** Two rows meet an input. */
@inline
function meet(s: System, row: usize, to: usize, value: v128, centre: v128, radius: v128): void {
  v128.store(to, value)
  const bound = <usize>s.bound + row
  const total = madd64(value, centre, v128.load(bound))
  v128.store(bound, f64x2.sub(total, f64x2.mul(radius, f64x2.abs(value))))
}

/** After `dualSweep`: the point of the box where each row's bound is attained. */
export function boxPoint(s: System): void {
  const rowBytes = (<usize>s.rows) << 3, zero = f64x2.splat(0), signBit = i64x2.splat(1 << 63)
  for (let i = 0; i < s.inputs; i++) {
    const centre = v128.load64_splat(number(s.centre, i)), radius = v128.load64_splat(number(s.radius, i))
    for (let r: usize = 0; r < rowBytes; r += 16) {
      const at = <usize>i * rowBytes + r
      const value = v128.load(<usize>s.coefficients + at)
      // centre − radius · sign(ν), the centre where ν is zero
      const signed = v128.and(f64x2.ne(value, zero), v128.xor(radius, v128.and(value, signBit)))
      v128.store(<usize>s.values + at, f64x2.sub(centre, signed))
    }
  }
}

/**
 * Forwards from the input points of `boxPoint` (or of input-ball.ts).
 * @param exact true: real ReLUs; false: the lines that the bound took
 */
export function primalSweep(s: System, exact: bool): void {
  const rowBytes = (<usize>s.rows) << 3
  const neuronPart = <usize>s.values + <usize>s.inputs * rowBytes
  for (let j = 0; j < s.neurons; j++) {
    const first = index(s.rowStart, j), end = index(s.rowStart, j + 1)
    const bias = v128.load64_splat(number(s.bias, j))
    for (let r: usize = 0; r < rowBytes; r += 64) {
      sum0 = bias
      sum1 = bias
      sum2 = bias
      sum3 = bias
      gather(s.rowSource, s.rowWeight, first, end, <usize>s.values + r, rowBytes)
      const at = <usize>j * rowBytes + r
      pass(s, at, neuronPart, sum0, exact)
      pass(s, at + 16, neuronPart, sum1, exact)
      pass(s, at + 32, neuronPart, sum2, exact)
      pass(s, at + 48, neuronPart, sum3, exact)
    }
  }
}

@inline
function pass(s: System, at: usize, neuronPart: usize, before: v128, exact: bool): void {
  const zero = f64x2.splat(0)
  v128.store(<usize>s.before + at, before)
  if (exact) {
    v128.store(neuronPart + at, f64x2.max(before, zero))
    return
  }
  const slope = v128.load(<usize>s.slope + at), intercept = v128.load(<usize>s.intercept + at)
  const unstable = f64x2.gt(intercept, zero), down = f64x2.lt(v128.load(<usize>s.hat + at), zero)
  const lower = f64x2.mul(v128.bitselect(v128.load(<usize>s.variable + at), slope, unstable), before)
  v128.store(neuronPart + at, v128.bitselect(madd64(slope, before, intercept), lower, down))
}

/**
 * After both sweeps: one step of Adam (Kingma & Ba 2015) on every lower slope and every multiplier, back into their
 * ranges: [0, 1]; ≤ 0 where a neuron is on, ≥ 0 where it is off.
 * @param rate length of a step, corrected for the momentum's start
 * @param correction of the square's start: 1 / (1 − β₂ᵗ)
 */
export function ascend(s: System, rate: f64, correction: f64): void {
  const zero = f64x2.splat(0), one = f64x2.splat(1), count = (<usize>(s.neurons * s.rows)) << 3
  const first = f64x2.splat(0.9), firstRest = f64x2.splat(0.1), second = f64x2.splat(0.99), secondRest = f64x2.splat(0.01)
  const length = f64x2.splat(rate), corrected = f64x2.splat(correction), tiny = f64x2.splat(1e-12)
  for (let at: usize = 0; at < count; at += 16) {
    const intercept = v128.load(<usize>s.intercept + at)
    const unstable = f64x2.gt(intercept, zero), before = v128.load(<usize>s.before + at)
    const hat = v128.load(<usize>s.hat + at), variable = v128.load(<usize>s.variable + at)
    const gradient = f64x2.mul(before, v128.bitselect(f64x2.max(hat, zero), one, unstable))
    const momentum = madd64(first, v128.load(<usize>s.momentum + at), f64x2.mul(firstRest, gradient))
    const square = madd64(second, v128.load(<usize>s.square + at), f64x2.mul(secondRest, f64x2.mul(gradient, gradient)))
    v128.store(<usize>s.momentum + at, momentum)
    v128.store(<usize>s.square + at, square)
    const step = f64x2.div(f64x2.mul(length, momentum), f64x2.add(f64x2.sqrt(f64x2.mul(square, corrected)), tiny))
    const moved = madd64(step, v128.load(<usize>s.scale + at), variable)
    const on = f64x2.gt(v128.load(<usize>s.slope + at), zero)
    const inside = f64x2.min(f64x2.max(moved, zero), one)
    const multiplier = v128.bitselect(f64x2.min(moved, zero), f64x2.max(moved, zero), on)
    v128.store(<usize>s.variable + at, v128.bitselect(inside, multiplier, unstable))
  }
}
