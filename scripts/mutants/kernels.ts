/** Faults in the kernels of bounds. */
import { mutantsOf, tests } from './mutant.ts'

export const kernels = [
  ...mutantsOf('src/device/wasm/assembly/neurons.ts', tests('bounds/underflow'), [
    ['const UNDERFLOW: f32 = 1e-30', 'const UNDERFLOW: f32 = 0'],
  ]),
  ...mutantsOf('src/device/wasm/assembly/neurons.ts', tests('bounds/overflow'), [
    ['l >= 0 ? 1 : known ? 0 : NaN)', 'l >= 0 ? 1 : 0)'],
    ['unstable ? l : known ? 0 : NaN)', 'unstable ? l : 0)'],
    ['<f64>u / (<f64>u - <f64>l)', '<f64>u / <f64>(u - l)'],
  ]),
  ...mutantsOf('src/device/wasm/assembly/neurons.ts', tests('device/wasm/intervals', 'device/wasm/relaxation'), [
    [
      'v128.store(radius + i, f32x4.mul(half, f32x4.sub(u, l)))',
      'v128.store(radius + i, f32x4.mul(half, f32x4.add(u, l)))',
    ],
    ['v128.store(lower + i, f32x4.sub(c, r))', 'v128.store(lower + i, f32x4.add(c, r))'],
    ['if (error > 0) r = madd(e, v128.load(magnitude + i), ', 'if (error > 0) r = f32x4.add(f32x4.splat(0), '],
    ['max<f32>(<f32>(<f64>u / (<f64>u - <f64>l)), 1e-20)', '<f32>(<f64>u / (<f64>u - <f64>l))'],
    ['<f64>u / (<f64>u - <f64>l)', '-<f64>l / (<f64>u - <f64>l)'],
    ['l >= 0 ? 1 : known', 'l > 0 ? 1 : known'],
    ['store<f32>(du, load<f32>(du) - ds * l)', 'store<f32>(du, load<f32>(du) + ds * l)'],
  ]),
  ...mutantsOf('src/device/wasm/assembly/rows.ts', tests('device/wasm/rows'), [
    ['lower0 = madd(limit, positive(f32x4.neg(value0)), lower0)', 'lower0 = madd(limit, positive(value0), lower0)'],
    [
      'upper1 = f32x4.sub(upper1, f32x4.mul(limit, positive(value1)))',
      'upper1 = f32x4.add(upper1, f32x4.mul(limit, positive(value1)))',
    ],
    ['value0 = f32x4.mul(value0, s)', ''],
    ['if (eight) v128.store(at, value1, 16)', ''],
    ['constant0 = madd(offset, value0, constant0)', 'constant0 = f32x4.sub(constant0, f32x4.mul(offset, value0))'],
    ['error0 = madd(weight, f32x4.abs(value0), error0)', 'error0 = madd(weight, value0, error0)'],
    ['error1 = madd(weight, f32x4.abs(value1), error1)', ''],
  ]),
  ...mutantsOf('src/device/wasm/assembly/start-rows.ts', tests('device/wasm/start-rows'), [
    ['outs) value -=', 'outs) value +='],
    ['let simple = !accumulate && g.groups == 1', 'let simple = !accumulate'],
    ['firstOut = c / ins * outs', 'firstOut = 0'],
    ['if (!accumulate) memory.fill(to, 0, (<usize>rows) << 2)', ''],
  ]),
  ...mutantsOf('src/device/wasm/assembly/input-term.ts', tests('device/wasm/input-term'), [
    [
      'madd(v128.load32_splat(radius + input), f32x4.abs(value), partRadius)',
      'madd(v128.load32_splat(radius + input), value, partRadius)',
    ],
    ['total = f32x4.add(total, part)\n', 'total = part\n'],
    ['v128.store(radiusSum + row, f32x4.add(totalRadius, partRadius))', 'v128.store(radiusSum + row, totalRadius)'],
  ]),
  ...mutantsOf('src/device/wasm/assembly/input-norm.ts', tests('bounds/norm', 'bounds/norm-gradients'), [
    ['largest = f32x4.max(largest, f32x4.abs(', 'largest = f32x4.min(largest, f32x4.abs('],
    ['high = f64x2.add(high, f64x2.mul(second, second))', 'high = f64x2.add(high, f64x2.mul(second, first))'],
    [
      'share = v128.and(open, f32x4.mul(here, f32x4.div(moved, whole)))',
      'share = v128.and(open, f32x4.div(moved, whole))',
    ],
  ]),
  ...mutantsOf('src/device/wasm/assembly/propagate.ts', tests('device/wasm/propagate'), [
    [
      'const lastY = min(out.y + out.height - 1, top / stride)',
      'const lastY = min(out.y + out.height - 2, top / stride)',
    ],
    ['const size = g.kernel % g.stride == 0 ? g.stride : 1', 'const size = g.stride'],
    ['store<u32>(s, ((c - first) * area + tap) << 2)', 'store<u32>(s, (c * area + tap) << 2)'],
    ['let i = countBefore(channels, countAt(outActive, source), firstOut)', 'let i = 0'],
    [
      'if (<u32>iy >= <u32>inside.height) continue\n          for (let kx',
      'if (<u32>iy > <u32>inside.height) continue\n          for (let kx',
    ],
  ]),
  ...mutantsOf('src/device/wasm/assembly/multiply.ts', tests('device/wasm/propagate'), [
    [
      'a31 = madd(s3, x1, a31)\n    }\n    v128.store(y0, a00); v128.store(y0, a01, 16)\n    v128.store(y1',
      'a31 = madd(s3, x0, a31)\n    }\n    v128.store(y0, a00); v128.store(y0, a01, 16)\n    v128.store(y1',
    ],
    ['if (left == 12)', 'if (left == 13)', 'rows of the last twelve are eight and four then, with the same sums'],
  ]),
  ...mutantsOf(
    'src/device/wasm/assembly/sweep.ts',
    tests('search/sweep/system', 'search/condense/condense', 'search/slopes', 'search/sweep/batch'),
    [['v128.store(bound, f64x2.sub(total, f64x2.mul(slack, f64x2.abs(value))))', 'v128.store(bound, total)']],
  ),
  ...mutantsOf('src/device/wasm/assembly/sweep.ts', tests('search/sweep/batch'), [
    ['down = f64x2.lt(hat, zero)', 'down = f64x2.gt(hat, zero)'],
    ['const lower = v128.bitselect(variable, slope, unstable)', 'const lower = slope'],
    [
      'const value = madd64(v128.bitselect(slope, lower, down), hat, split)',
      'const value = f64x2.mul(v128.bitselect(slope, lower, down), hat)',
    ],
    ['total = madd64(v128.and(hat, down), intercept, total)', 'total = madd64(hat, intercept, total)'],
    [
      'v128.store(bound, f64x2.sub(total, f64x2.mul(radius, f64x2.abs(value))))',
      'v128.store(bound, f64x2.sub(total, f64x2.mul(radius, value)))',
    ],
    [
      'v128.store(<usize>s.values + at, f64x2.sub(centre, signed))',
      'v128.store(<usize>s.values + at, f64x2.add(centre, signed))',
    ],
    ['const inside = f64x2.min(f64x2.max(moved, zero), one)', 'const inside = f64x2.max(moved, zero)'],
    [
      'v128.bitselect(f64x2.min(moved, zero), f64x2.max(moved, zero), on)',
      'v128.bitselect(f64x2.max(moved, zero), f64x2.min(moved, zero), on)',
    ],
    ['v128.bitselect(f64x2.max(hat, zero), one, unstable)', 'v128.bitselect(f64x2.min(hat, zero), one, unstable)'],
  ]),
  ...mutantsOf('src/device/wasm/assembly/input-ball.ts', tests('region/linear-loss'), [
    ['const UNDERFLOW = 1e-290', 'const UNDERFLOW = 0'],
    ['return v128.bitselect(down, up,', 'return v128.bitselect(up, down,'],
    [
      'f64x2.sub(v128.load(total), f64x2.pmin(boxLoss, loss))',
      'f64x2.sub(v128.load(total), loss)',
      'the level at hand gives the least loss, and the box is one level: it saves rounding at most',
    ],
    ['rest = f64x2.add(rest, f64x2.mul(f64x2.sub(size, part), r))', ''],
    ['high = v128.bitselect(high, previous, tooLow)', ''],
    ['left = f64x2.sub(left, some)', ''],
  ]),
  ...mutantsOf('src/device/wasm/assembly/scatter.ts', tests('device/wasm/scatter'), [
    ['v128.store(x, madd64(w, h, v128.load(x, 112)), 112)', 'v128.store(x, madd64(w, g, v128.load(x, 112)), 112)'],
    ['const firstPlane = o / outPerGroup * perGroup * plane', 'const firstPlane = 0'],
    ['if (<u32>iy >= <u32>s.inHeight) continue', ''],
  ]),
]
