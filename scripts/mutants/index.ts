/** All lists of mutants, by the folder of src that they are about. */
import { architectures } from './architectures.ts'
import { attacks } from './attacks.ts'
import { batch } from './batch.ts'
import { bounds } from './bounds.ts'
import { cells } from './cells.ts'
import { data } from './data.ts'
import { formats } from './formats.ts'
import { kernels } from './kernels.ts'
import { layers } from './layers.ts'
import type { Mutant } from './mutant.ts'
import { search } from './search.ts'
import { training } from './training.ts'
import { verify } from './verify.ts'
import { webgpu } from './webgpu.ts'

export const lists: Readonly<Record<string, readonly Mutant[]>> = {
  ...{ architectures, attacks, bounds, data, formats, kernels, training },
  layers,
  webgpu,
  batch,
  search: [...search, ...cells, ...verify],
}
