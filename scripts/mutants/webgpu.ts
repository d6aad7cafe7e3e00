/** Faults in what a GPU does. */
import { type Mutant, mutantsOf, tests } from './mutant.ts'

export const webgpu: readonly Mutant[] = [
  ...mutantsOf('src/device/webgpu/random.ts', tests('device/webgpu/random'), [
    ['ROUNDS = 10', 'ROUNDS = 9'],
    ['size >= vec4u(0x40000000u)', 'size > vec4u(0x70000000u)'],
    ['bits >> vec4u(8u)', 'bits >> vec4u(7u)'],
    ['~centred', '0u - centred'],
  ]),
  ...mutantsOf('src/device/webgpu/columns.ts', tests('device/webgpu/columns'), [
    ['if (q == 0u) { value.x = box[place]; }', ''],
    ['streamOf(stream, place)', "streamOf('projection', place)"],
    ['column > vec4u', 'column >= vec4u'],
    ['- (0.5 * slope * gap)', '+ (0.5 * slope * gap)'],
    ['gradient[row + q] = vec4f(0.0);', ''],
    ['gradient[row + q] = slope * dy;', ''],
    ['other < ${lanes}u', 'other < ${lanes - 1}u'],
    ['Math.min(quads, MOST_LANES)', 'quads'],
    ['identifiers[example]), dy)', 'identifiers[0]), dy)'],
  ]),
  ...mutantsOf('src/device/webgpu/medians.ts', tests('device/webgpu/medians'), [
    ['reached > ${half}u', 'false'],
    ['vec4u(lower))', 'vec4u(upper))'],
    [' & (${columnsOf(q)} != vec4u(place))', ''],
    ['< 0.0)', '> 0.0)'],
  ]),
  ...mutantsOf('src/device/webgpu/settle.ts', tests('device/webgpu/settle'), [
    ['l < 0.0 && u > 0.0 && example', 'true && example'],
    ['<= select(u, above, isAbove)', '<= 1e30'],
    ['&& isFinite(below)', ''],
    ['max(u / (u - l), 1e-20)', 'u / (u - l)'],
    ['toUpper -= scaled', 'toUpper += scaled'],
    ['toCentre - toRadius), l > 0.0)', 'toCentre - toRadius), l < 0.0)'],
    ['select(share, -share', 'select(share, share'],
    ['select(toLower, 0.0, isLower)', 'toLower'],
  ]),
  ...mutantsOf('src/device/webgpu/images.ts', tests('device/webgpu/images'), [
    ['let at = identifier - ${part.first}u;', 'let at = identifier;'],
    ['order[min(step.first + e, ', 'order[min(e, '],
    ['if (e < step.count) {\n    identifier', 'if (true) {\n    identifier'],
    ['(bits.x & 1u) == 1u', '(bits.x & 3u) == 1u'],
    ['bits.yz >> vec2u(16u)', 'bits.yy >> vec2u(16u)'],
    ['{ return 0.0; }', '{ return 1.0; }'],
  ]),
  ...mutantsOf('src/device/webgpu/balls.ts', tests('device/webgpu/images'), [
    ['vec2f((low + high) / 2.0, (high - low) / 2.0)', 'vec2f((low + high) / 2.0, r)'],
    ['factor / deviation', 'factor'],
  ]),
  ...mutantsOf('src/device/webgpu/climb.ts', tests('device/webgpu/climb'), [
    ["'margin < smallest[i]'", "'margin > smallest[i]'"],
    ['if (c != label) { largest = ', 'if (true) { largest = '],
    [', -1.0, c == label)', ', 1.0, c == label)'],
    ['- select(0.0, length, g < 0.0), ends.x, ends.y)', ', ends.x, ends.y)'],
    ['max(lowest(c), box[i] - radius)', 'lowest(c)'],
    ['vec4u(identifiers[e], j / 4u', 'vec4u(0u, j / 4u'],
  ]),
  ...mutantsOf('src/device/webgpu/channels.ts', tests('device/webgpu/channels'), [
    ['toShift * mean / deviation - total(product, lane)', '-total(product, lane)'],
    ['toDeviation * (z[i] - mean)', 'toDeviation * z[i]'],
    ["'dMoments[c]' : '0.0'} - toBias", "'dMoments[c]' : '0.0'} - toShift"],
    ['d / deviation + through, real)', 'd / deviation + through, vec4<bool>(true))'],
  ]),
  ...mutantsOf('src/device/webgpu/fold-weights.ts', tests('device/webgpu/channels'), [
    ['-total * factor[k]', 'total * factor[k]'],
    ['4u * four + k < ${each}u) { factor', 'true) { factor'],
  ]),
  ...mutantsOf('src/device/webgpu/gather-moments.ts', tests('device/webgpu/channels'), [
    [' + apart * apart * before.x * (n / count)', ''],
    ['step.micro == 0u', 'false'],
  ]),
  ...mutantsOf('src/training/batch/batch-norm.ts', tests('training/batch/batch-norm'), [
    ['groups.length === 1 && others.length === 0', 'groups.length === 1'],
    ['    ;({ bias, value } = made)', '    value = made.value'],
    ['stages.slice(0, stage))', 'stages.slice(0, 1))'],
  ]),
]
