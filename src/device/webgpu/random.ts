/**
 * Random numbers on the device: Philox 4×32-10 turns a key and a counter into four words of 32 random bits, without any
 * state. So a number belongs to a place (this seed, this use, this neuron, this column of this image), whatever thread asks
 * for it and how often: the way back draws the errors of the way there again instead of keeping them.
 *
 *   ten times:  (c₀, c₁, c₂, c₃) ← (high(B·c₂) ⊕ c₁ ⊕ k₀, low(B·c₂), high(A·c₀) ⊕ c₃ ⊕ k₁, low(A·c₀)),   k ← k + W
 *
 * Here and in WGSL they are the same bits. Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
 */

const [A, B] = [0xd2511f53, 0xcd9e8d57]
const [W0, W1] = [0x9e3779b9, 0xbb67ae85]
const ROUNDS = 10

type Two = readonly [number, number]
type Four = readonly [number, number, number, number]

/** Four words, each 32 random bits. @param key, counter whole numbers below 2³² */
export function philox([k0, k1]: Two, counter: Four): Uint32Array {
  const c = Uint32Array.from(counter)
  for (let round = 0; round < ROUNDS; round++) {
    const [x, y] = [c[0], c[2]]
    c[0] = high(B, y) ^ c[1] ^ k0
    c[1] = Math.imul(B, y)
    c[2] = high(A, x) ^ c[3] ^ k1
    c[3] = Math.imul(A, x)
    k0 += W0
    k1 += W1
  }
  return c
}

/** The upper half of a product of 64 bits, half a factor at a time so that no number needs more than 53. */
const high = (a: number, b: number) => Math.floor(((a >>> 16) * b + Math.floor(((a & 0xffff) * b) / 2 ** 16)) / 2 ** 16)

/** What random numbers on the device are for. Uses share no numbers, even where their seeds are the same. */
const uses = ['augment', 'attack', 'projection', 'reference'] as const
export type RandomUse = (typeof uses)[number]

/** The second half of a key, behind the seed. @param place 0 to 65,535: a stage, a restart */
export const streamOf = (use: RandomUse, place = 0): number => uses.indexOf(use) * 2 ** 16 + place

/** Uniform in [0, 1), as `shareOf` of WGSL has it. */
export const uniformOf = (bits: number): number => (bits >>> 8) / 2 ** 24

/** Standard Cauchy: tan(π(u − ½)), u = (bits + ½) / 2³², which is never 0 or 1. */
export const cauchyOf = (bits: number): number => Math.tan(Math.PI * ((bits + 0.5) / 2 ** 32 - 0.5))

/**
 * `philox(key: vec2u, counter: vec4u) -> vec4u`, `shareOf(bits: vec4u) -> vec4f` and `cauchy(bits: vec4u) -> vec4f`.
 *
 * WGSL's own tan may be wrong near its poles, where it matters: here the distance to the nearest zero or pole is taken from
 * the bits, without rounding, and tan(x) up to π/4 is a polynomial (Cephes). Right to 1e-6, relative.
 */
export const randomFunctions = /* wgsl */ `
fn philox(key: vec2u, counter: vec4u) -> vec4u {
  var c = counter;
  var k = key;
  let factor = vec2u(${A}u, ${B}u);
  let low = factor & vec2u(0xffffu);
  let high = factor >> vec2u(16u);
  for (var round = 0u; round < ${ROUNDS}u; round++) {
    let x = c.xz;
    let xLow = x & vec2u(0xffffu);
    let xHigh = x >> vec2u(16u);
    let first = high * xLow + ((low * xLow) >> vec2u(16u));
    let second = low * xHigh + (first & vec2u(0xffffu));
    let above = high * xHigh + (first >> vec2u(16u)) + (second >> vec2u(16u));
    let below = factor * x;
    c = vec4u(above.y ^ c.y ^ k.x, below.y, above.x ^ c.w ^ k.y, below.x);
    k += vec2u(${W0}u, ${W1}u);
  }
  return c;
}

fn shareOf(bits: vec4u) -> vec4f { return vec4f(bits >> vec4u(8u)) * ${2 ** -24}; }

fn cauchy(bits: vec4u) -> vec4f {
  // bits − 2³¹, in the complement of two: u − ½ is negative where its first bit is set
  let centred = bits ^ vec4u(0x80000000u);
  let isNegative = (centred >> vec4u(31u)) == vec4u(1u);
  let size = select(centred, ~centred, isNegative);
  let isOuter = size >= vec4u(0x40000000u);
  let x = (vec4f(select(size, 0x7fffffffu - size, isOuter)) + 0.5) * ${Math.PI / 2 ** 32};
  let z = x * x;
  let p = (((((9.38540185543e-3 * z + 3.11992232697e-3) * z + 2.44301354525e-2) * z + 5.34112807005e-2) * z
    + 1.33387994085e-1) * z + 3.33331568548e-1) * z * x + x;
  let t = select(p, 1.0 / p, isOuter);
  return select(t, -t, isNegative);
}
`
