/** The random numbers that a GPU gives the columns of an image, for the CPU's projections. */
import { errorOf } from '../device/webgpu/columns.testing.ts'
import type { ErrorSource } from '../device/webgpu/columns.ts'
import type { Errors } from './projections.ts'

/**
 * Those of ℓ∞ balls.
 * @param seed `projectionSeed` or `referenceSeed` of the step, as `stream` says
 * @param identifier of the image in its data set
 */
export const philoxErrors = (stream: ErrorSource['stream'], seed: number, identifier: number): Errors => ({
  image: (input, column) => errorOf([stream, seed], identifier, [0, input, column]),
  relu: (stage, neuron, column) => errorOf([stream, seed], identifier, [1 + stage, neuron, column]),
})
