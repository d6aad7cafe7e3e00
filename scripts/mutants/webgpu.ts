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
]
