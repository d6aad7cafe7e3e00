/**
 * A network that was trained on a table reads values scaled by the ranges of its features. Its file says which they were:
 * under other ranges the same rows would be other inputs, and a proof one of another question.
 */
import { UserError } from '../base/errors.ts'
import type { Dataset, Feature } from './dataset.ts'

/** In the metadata of a network's file. */
const KEY = 'robustra.features'

const textOf = (features: readonly Feature[]) =>
  JSON.stringify(features.map(({ name, low, high }) => [name, low, high]))

/** What the file of a network says of the data that it was trained on: nothing if that is no table. */
export const rangesIn = ({ features }: Pick<Dataset, 'features'>): Readonly<Record<string, string>> =>
  features ? { [KEY]: textOf(features) } : {}

/**
 * @param metadata of the network's file; one that does not say its ranges may be of any
 * @param path of that file, for messages
 * @throws UserError if the data set is scaled by other ranges
 */
export function requireSameRanges(
  metadata: Readonly<Record<string, string>>,
  { name, features = [] }: Pick<Dataset, 'name' | 'features'>,
  path: string,
): void {
  const trained = metadata[KEY]
  if (trained === undefined || trained === textOf(features)) return
  throw new UserError(
    `${path} was trained on a table whose features have other names or ranges than those of ${name}: give the same data, ` +
      'or say the ranges of the training in a dataset.toml',
  )
}
