/**
 * Element-wise kernels on neurons. Values of a chunk lie [neuron][example] with `count` = neurons × examples;
 * one example's are reached with a stride in bytes.
 */
import { Floats, Integers } from './pointers'
import { madd, positive } from './simd'

/** Y[channel][position][example] = bias[channel]. `width` = positions × examples. */
export function fillBias(channels: i32, width: i32, bias: Floats, y: Floats): void {
  for (let c = 0; c < channels; c++) {
    const value = v128.load32_splat(bias + ((<usize>c) << 2))
    for (let i = 0; i < width; i += 4, y += 16) v128.store(y, value)
  }
}

/** dbias[channel] += Σ dY[channel][…]. */
export function biasGradient(channels: i32, width: i32, gradient: Floats, y: Floats): void {
  for (let c = 0; c < channels; c++) {
    let total = f32x4.splat(0)
    for (let i = 0; i < width; i += 4, y += 16) total = f32x4.add(total, v128.load(y))
    const at = gradient + ((<usize>c) << 2)
    store<f32>(at, load<f32>(at) + f32x4.extract_lane(total, 0) + f32x4.extract_lane(total, 1)
      + f32x4.extract_lane(total, 2) + f32x4.extract_lane(total, 3))
  }
}

/** y = max(x, 0). */
export function relu(count: i32, x: Floats, y: Floats): void {
  for (let i: usize = 0; i < (<usize>count) << 2; i += 16) v128.store(y + i, positive(v128.load(x + i)))
}

/** dx += dy where x > 0. */
export function reluAdjoint(count: i32, x: Floats, dx: Floats, dy: Floats): void {
  const zero = f32x4.splat(0)
  for (let i: usize = 0; i < (<usize>count) << 2; i += 16) {
    const gate = f32x4.gt(v128.load(x + i), zero)
    v128.store(dx + i, f32x4.add(v128.load(dx + i), v128.and(gate, v128.load(dy + i))))
  }
}

/** Centre and radius of [relu(lower), relu(upper)]. */
export function reluInterval(count: i32, lower: Floats, upper: Floats, centre: Floats, radius: Floats): void {
  const half = f32x4.splat(0.5)
  for (let i: usize = 0; i < (<usize>count) << 2; i += 16) {
    const l = positive(v128.load(lower + i)), u = positive(v128.load(upper + i))
    v128.store(centre + i, f32x4.mul(half, f32x4.add(u, l)))
    v128.store(radius + i, f32x4.mul(half, f32x4.sub(u, l)))
  }
}

/** Adjoint of `reluInterval`: adds to the gradients of lower and upper. */
export function reluIntervalAdjoint(
  count: i32, lower: Floats, upper: Floats, lowerGradient: Floats, upperGradient: Floats,
  centreGradient: Floats, radiusGradient: Floats,
): void {
  const half = f32x4.splat(0.5), zero = f32x4.splat(0)
  for (let i: usize = 0; i < (<usize>count) << 2; i += 16) {
    const gc = v128.load(centreGradient + i), gr = v128.load(radiusGradient + i)
    const toLower = v128.and(f32x4.gt(v128.load(lower + i), zero), f32x4.mul(half, f32x4.sub(gc, gr)))
    const toUpper = v128.and(f32x4.gt(v128.load(upper + i), zero), f32x4.mul(half, f32x4.add(gc, gr)))
    v128.store(lowerGradient + i, f32x4.add(v128.load(lowerGradient + i), toLower))
    v128.store(upperGradient + i, f32x4.add(v128.load(upperGradient + i), toUpper))
  }
}

/** What underflow may take from a sum of products, and more. */
const UNDERFLOW: f32 = 1e-30

/** lower = centre − radius and upper = centre + radius; with `error` > 0 both ends move outwards by error · magnitude. */
export function intervalEnds(
  count: i32, centre: Floats, radius: Floats, lower: Floats, upper: Floats, magnitude: Floats, error: f32,
): void {
  const e = f32x4.splat(error)
  for (let i: usize = 0; i < (<usize>count) << 2; i += 16) {
    const c = v128.load(centre + i)
    let r = v128.load(radius + i)
    if (error > 0) r = madd(e, v128.load(magnitude + i), f32x4.add(r, f32x4.splat(UNDERFLOW)))
    v128.store(lower + i, f32x4.sub(c, r))
    v128.store(upper + i, f32x4.add(c, r))
  }
}

/** Adjoint of `intervalEnds`: writes the gradients of centre and radius. */
export function intervalEndsAdjoint(
  count: i32, lowerGradient: Floats, upperGradient: Floats, centreGradient: Floats, radiusGradient: Floats,
): void {
  for (let i: usize = 0; i < (<usize>count) << 2; i += 16) {
    const gl = v128.load(lowerGradient + i), gu = v128.load(upperGradient + i)
    v128.store(centreGradient + i, f32x4.add(gu, gl))
    v128.store(radiusGradient + i, f32x4.sub(gu, gl))
  }
}

/** y = |x|, for the weights of an interval step. */
export function absolute(count: i32, x: Floats, y: Floats): void {
  for (let i: usize = 0; i < (<usize>count) << 2; i += 16) v128.store(y + i, f32x4.abs(v128.load(x + i)))
}

/** dx += sign(x) · dy, the adjoint of `absolute`. */
export function absoluteAdjoint(count: i32, x: Floats, dx: Floats, dy: Floats): void {
  const signBit = i32x4.splat(0x80000000), zero = f32x4.splat(0)
  for (let i: usize = 0; i < (<usize>count) << 2; i += 16) {
    const v = v128.load(x + i)
    const signed = v128.and(f32x4.ne(v, zero), v128.xor(v128.load(dy + i), v128.and(v, signBit)))
    v128.store(dx + i, f32x4.add(v128.load(dx + i), signed))
  }
}

/** y += x. */
export function addTo(count: i32, x: Floats, y: Floats): void {
  for (let i: usize = 0; i < (<usize>count) << 2; i += 16) {
    v128.store(y + i, f32x4.add(v128.load(y + i), v128.load(x + i)))
  }
}

/**
 * The relaxation of one example's ReLU neurons: slope 0 where off, 1 where on, u/(u − l) where unstable, and
 * gap l where unstable, else 0; NaN where an end is. A slope is kept above 1e-20 so that it can be divided by; a larger
 * slope is sound.
 */
export function relaxation(neurons: i32, lower: Floats, upper: Floats, stride: usize, slope: Floats, gap: Floats): void {
  for (let j: usize = 0; j < (<usize>neurons) << 2; j += 4, lower += stride, upper += stride) {
    const l = load<f32>(lower), u = load<f32>(upper)
    const unstable = l < 0 && u > 0, known = l >= 0 || u <= 0
    store<f32>(slope + j, unstable ? max<f32>(<f32>(<f64>u / (<f64>u - <f64>l)), 1e-20) : l >= 0 ? 1 : known ? 0 : NaN)
    store<f32>(gap + j, unstable ? l : known ? 0 : NaN)
  }
}

/** Adjoint of `relaxation`: adds to the gradients of lower and upper, which lie like lower and upper. */
export function relaxationAdjoint(
  neurons: i32, lower: Floats, upper: Floats, lowerGradient: Floats, upperGradient: Floats, stride: usize,
  slopeGradient: Floats, gapGradient: Floats,
): void {
  let at: usize = 0
  for (let j: usize = 0; j < (<usize>neurons) << 2; j += 4, at += stride) {
    const l = load<f32>(lower + at), u = load<f32>(upper + at)
    if (l < 0 && u > 0) {
      const width = <f64>u - <f64>l, ds = <f32>(<f64>load<f32>(slopeGradient + j) / (width * width))
      const dl = lowerGradient + at, du = upperGradient + at
      store<f32>(dl, load<f32>(dl) + load<f32>(gapGradient + j) + ds * u)
      store<f32>(du, load<f32>(du) - ds * l)
    }
  }
}

/**
 * Lists the channels that are not zero in all columns, per position. Values lie [channel][position][column].
 * @param columns 1 or a multiple of 4
 */
export function listActive(
  channelCount: i32, area: i32, columns: i32, values: Floats, counts: Integers, channels: Integers,
): void {
  for (let p = 0; p < area; p++) {
    let count = 0
    for (let c = 0; c < channelCount; c++) {
      if (isActive(values + ((<usize>((c * area + p) * columns)) << 2), columns)) {
        store<i32>(channels + ((<usize>(p * channelCount + count)) << 2), c)
        count++
      }
    }
    store<i32>(counts + ((<usize>p) << 2), count)
  }
}

@inline
function isActive(at: usize, columns: i32): bool {
  if (columns == 1) return load<f32>(at) != 0
  for (const end = at + ((<usize>columns) << 2); at < end; at += 16) {
    if (v128.any_true(f32x4.ne(v128.load(at), f32x4.splat(0)))) return true
  }
  return false
}
