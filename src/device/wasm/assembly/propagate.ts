/**
 * Carries rows through one affine layer, block by block and position by position, listing for each group of
 * positions the active sources and targets of a gather-multiply.
 *
 * Forwards, a group is one output position: its targets are the active output channels, its sources the active
 * inputs of its receptive field. Transposed, a group is the stride × stride input positions that see the same
 * outputs (one position if the kernel is no multiple of the stride); targets are their active channels, sources
 * the active outputs that read them. Groups of channels that see only each other have lists of their own.
 */
import { Active, Block, Geometry, blockAt, channelsAt, countAt, countBefore } from './layout'
import { multiply } from './multiply'
import { Blocks, Floats, Integers } from './pointers'
import { weightGradient } from './weight-gradient'

/** What to do with a group's lists. */
const OVERWRITE = 0, ACCUMULATE = 1, GRADIENT = 2

/**
 * @param operation 0: value = W · value; 1: the same, added to what is there; 2: dW += sources × targets
 * @param transposed whether targets lie on the input side of the layer
 * @param weights (out, in / groups, kernel, kernel) weights, or their gradient for operation 2
 * @param scratch room for the lists: (sources + targets + 3) pairs of u32
 */
export function propagate(
  operation: i32, transposed: bool, geometry: Geometry, blockCount: i32,
  outBlocks: Blocks, outBase: Floats, outActive: Active,
  inBlocks: Blocks, inBase: Floats, inActive: Active,
  weights: Floats, scratch: Integers,
): void {
  for (let b = 0; b < blockCount; b++) {
    const out = blockAt(outBlocks, b), inside = blockAt(inBlocks, b)
    if (out.rows == 0) continue
    const outValue = outBase + <usize>out.offset, inValue = inBase + <usize>inside.offset
    if (transposed) {
      backwards(operation, geometry, out, outValue, outActive, inside, inValue, inActive, weights, scratch)
    } else {
      forwards(operation, geometry, out, outValue, outActive, inside, inValue, inActive, weights, scratch)
    }
  }
}

@inline
function apply(
  operation: i32, sources: usize, sourcesEnd: usize, targets: usize, targetsEnd: usize,
  weights: usize, x: usize, y: usize, rows: i32,
): void {
  if (operation == GRADIENT) {
    // copies of the last target let the kernel load four addresses; it stops counting at targetsEnd
    pad(targets, targetsEnd)
    weightGradient(sources, sourcesEnd, targets, targetsEnd, weights, x, y, rows)
  } else {
    multiply(sources, sourcesEnd, targets, pad(targets, targetsEnd), weights, x, y, rows, operation == ACCUMULATE)
  }
}

function pad(targets: usize, targetsEnd: usize): usize {
  let end = targetsEnd
  while (((end - targets) & 31) != 0) {
    store<u64>(end, load<u64>(targetsEnd - 8))
    end += 8
  }
  return end
}

function forwards(
  operation: i32, g: Geometry, out: Block, outValue: usize, outActive: Active,
  inside: Block, inValue: usize, inActive: Active, weights: usize, scratch: usize,
): void {
  const rowBytes = out.rows << 2, kernel = g.kernel, area = kernel * kernel
  const outPlane = out.height * out.width * rowBytes, inPlane = inside.height * inside.width * rowBytes
  const ins = g.inChannels / g.groups, outs = g.outChannels / g.groups, filter = (ins * area) << 2
  for (let y = out.y; y < out.y + out.height; y++) {
    for (let x = out.x; x < out.x + out.width; x++) {
      const position = y * g.outWidth + x
      const targetCount = countAt(outActive, position)
      const outChannels = channelsAt(outActive, position, g.outChannels)
      const outPlace = ((y - out.y) * out.width + x - out.x) * rowBytes
      for (let group = 0, done = 0; done < targetCount; group++) {
        const targetEnd = endOf(outChannels, targetCount, (group + 1) * outs, g.groups)
        if (done == targetEnd) continue
        let s = scratch
        for (let ky = 0; ky < kernel; ky++) {
          const iy = y * g.stride - g.padding + ky - inside.y
          if (<u32>iy >= <u32>inside.height) continue
          for (let kx = 0; kx < kernel; kx++) {
            const ix = x * g.stride - g.padding + kx - inside.x
            if (<u32>ix >= <u32>inside.width) continue
            const source = (iy + inside.y) * g.inWidth + ix + inside.x
            const channels = channelsAt(inActive, source, g.inChannels), first = group * ins
            const tap = ky * kernel + kx, place = (iy * inside.width + ix) * rowBytes
            let i = countBefore(channels, countAt(inActive, source), first)
            for (const n = endOf(channels, countAt(inActive, source), first + ins, g.groups); i < n; i++) {
              const c = load<i32>(channels + ((<usize>i) << 2))
              store<u32>(s, ((c - first) * area + tap) << 2)
              store<u32>(s, c * inPlane + place, 4)
              s += 8
            }
          }
        }
        const targets = s
        for (; done < targetEnd; done++) {
          const o = load<i32>(outChannels + ((<usize>done) << 2))
          store<u32>(s, o * filter)
          store<u32>(s, o * outPlane + outPlace, 4)
          s += 8
        }
        apply(operation, scratch, targets, targets, s, weights, inValue, outValue, out.rows)
      }
    }
  }
}

/** How many of a position's active channels come before the end of a group. */
@inline
function endOf(channels: usize, count: i32, end: i32, groups: i32): i32 {
  return groups == 1 ? count : countBefore(channels, count, end)
}

function backwards(
  operation: i32, g: Geometry, out: Block, outValue: usize, outActive: Active,
  inside: Block, inValue: usize, inActive: Active, weights: usize, scratch: usize,
): void {
  const size = g.kernel % g.stride == 0 ? g.stride : 1
  const firstY = (inside.y + g.padding) / size, endY = (inside.y + inside.height - 1 + g.padding) / size + 1
  const firstX = (inside.x + g.padding) / size, endX = (inside.x + inside.width - 1 + g.padding) / size + 1
  for (let my = firstY; my < endY; my++) {
    for (let mx = firstX; mx < endX; mx++) {
      for (let group = 0; group < g.groups; group++) {
        backwardsGroup(
          operation, g, group, size, my * size, mx * size,
          out, outValue, outActive, inside, inValue, inActive, weights, scratch,
        )
      }
    }
  }
}

/** One group of channels of the size × size input positions from (top, left) of the padded image on. */
@inline
function backwardsGroup(
  operation: i32, g: Geometry, group: i32, size: i32, top: i32, left: i32,
  out: Block, outValue: usize, outActive: Active,
  inside: Block, inValue: usize, inActive: Active, weights: usize, scratch: usize,
): void {
  const rowBytes = out.rows << 2, kernel = g.kernel, area = kernel * kernel, stride = g.stride
  const outPlane = out.height * out.width * rowBytes, inPlane = inside.height * inside.width * rowBytes
  const ins = g.inChannels / g.groups, outs = g.outChannels / g.groups, filter = (ins * area) << 2
  const firstIn = group * ins, firstOut = group * outs
  let t = scratch
  for (let dy = 0; dy < size; dy++) {
    const iy = top + dy - g.padding - inside.y
    if (<u32>iy >= <u32>inside.height) continue
    for (let dx = 0; dx < size; dx++) {
      const ix = left + dx - g.padding - inside.x
      if (<u32>ix >= <u32>inside.width) continue
      const target = (iy + inside.y) * g.inWidth + ix + inside.x
      const channels = channelsAt(inActive, target, g.inChannels)
      const tap = dy * kernel + dx, place = (iy * inside.width + ix) * rowBytes
      let i = countBefore(channels, countAt(inActive, target), firstIn)
      for (const n = endOf(channels, countAt(inActive, target), firstIn + ins, g.groups); i < n; i++) {
        const c = load<i32>(channels + ((<usize>i) << 2))
        store<u32>(t, ((c - firstIn) * area + tap) << 2)
        store<u32>(t, c * inPlane + place, 4)
        t += 8
      }
    }
  }
  if (t == scratch) return
  const targetsEnd = t
  t = pad(scratch, t)
  const sources = t
  const reach = size - kernel + stride - 1
  const lastY = min(out.y + out.height - 1, top / stride)
  const lastX = min(out.x + out.width - 1, left / stride)
  for (let y = max(out.y, (top + reach) / stride); y <= lastY; y++) {
    const ky = top - y * stride
    if (ky > kernel - size) continue
    for (let x = max(out.x, (left + reach) / stride); x <= lastX; x++) {
      const kx = left - x * stride
      if (kx > kernel - size) continue
      const source = y * g.outWidth + x
      const channels = channelsAt(outActive, source, g.outChannels)
      const tap = (ky * kernel + kx) << 2, place = ((y - out.y) * out.width + x - out.x) * rowBytes
      let i = countBefore(channels, countAt(outActive, source), firstOut)
      for (const n = endOf(channels, countAt(outActive, source), firstOut + outs, g.groups); i < n; i++) {
        const o = load<i32>(channels + ((<usize>i) << 2))
        store<u32>(t, o * filter + tap)
        store<u32>(t, o * outPlane + place, 4)
        t += 8
      }
    }
  }
  apply(operation, sources, t, scratch, targetsEnd, weights, outValue, inValue, out.rows)
}
