/** Faults in bounds and their kernels. */
import { mutantsOf } from './mutant.ts'

const rounding = ['src/bounds/rounding.test.ts']
const underflow = ['src/bounds/underflow.test.ts']

export const bounds = [
  ...mutantsOf('src/bounds/rounding.ts', rounding, [
    ['const EXTRA = 24', 'const EXTRA = -24'],
    ['return gamma(2 * products + EXTRA)', 'return gamma(0)'],
  ]),
  ...mutantsOf('src/bounds/interval.ts', underflow, [
    ['[intervalRounding([geometry]), underflow]', '[intervalRounding([geometry]), 0]'],
  ]),
  ...mutantsOf('kernels/neurons.ts', underflow, [['const UNDERFLOW: f32 = 1e-30', 'const UNDERFLOW: f32 = 0']]),
]
