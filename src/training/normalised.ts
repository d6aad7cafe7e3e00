/** Which layers training normalises (batch-norm.ts), by an architecture or by the setting. */
import { UserError } from '../base/errors.ts'
import type { Architecture } from '../model/network.ts'
import { planStages } from '../model/stages.ts'
import { type Method, losses, lossOf } from './losses/list.ts'
import type { Loss } from './losses/loss.ts'

/** Losses that train one network, with enough images at once for moments that mean something. */
const canNormalise = ({ passes, reference }: Loss) => passes === 'chunk' && reference === undefined

/** Methods that normalise layers, for messages. */
export const normalisingMethods: readonly Method[] = losses.filter(canNormalise).map(({ name }) => name)

export const isNormalised = ({ layers }: Architecture): boolean =>
  layers.some((layer) => 'batchNorm' in layer && layer.batchNorm === true)

/**
 * An architecture as its training sees it. The setting `batchNorm` normalises every layer of weights but the last; without it
 * those layers are normalised that say so.
 */
export function asTrained(architecture: Architecture, { batchNorm }: { readonly batchNorm: boolean }): Architecture {
  if (!batchNorm) return architecture
  const last = architecture.layers.length - 1
  const layers = architecture.layers.map((layer, i) =>
    i < last && (layer.kind === 'convolution' || layer.kind === 'linear')
      ? ({ ...layer, batchNorm: true } as const)
      : layer,
  )
  return { ...architecture, layers }
}

/** @throws UserError if the layers of an architecture cannot be normalised by a method, or not once each */
export function requireNormalisable(architecture: Architecture, method: Method): void {
  if (!isNormalised(architecture)) return
  if (!canNormalise(lossOf(method))) {
    throw new UserError(
      `${architecture.name} has batch normalisation, which is for methods ${normalisingMethods.join(', ')}: ` +
        `leave it out with method ${method}`,
    )
  }
  const seen = new Set<number>()
  for (const { layer, constant } of planStages(architecture).stages.flatMap(({ terms }) => terms)) {
    if (constant === undefined && isNormalised({ ...architecture, layers: [architecture.layers[layer]] })) {
      if (seen.has(layer)) {
        throw new UserError(
          `layer ${layer} of ${architecture.name} cannot be normalised: it is read both with and without what follows it`,
        )
      }
      seen.add(layer)
    }
  }
}
