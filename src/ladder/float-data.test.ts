/** Images as floats: what is trained and certified on them is what it would be on the bytes that they stand for. */
import { expect, test } from 'vitest'
import { smallCase } from '../attacks/random-dataset.testing.ts'
import { datasetOf } from '../data/dataset-of.ts'
import type { Dataset } from '../data/dataset.ts'
import { tinyData, tinyOptions } from '../training/tiny.testing.ts'
import { train } from '../training/train.ts'
import { certify } from './certify.ts'
import { comparable, rowsOf } from './rows.testing.ts'

const asFloats = ({ images, labels, shape, classes, name }: Dataset): Dataset =>
  datasetOf({ images: Float32Array.from(images, (byte) => byte / 255), labels, shape, classes, name })

test('training', async () => {
  const weights = async ({ training, validation }: Pick<typeof tinyData, 'training' | 'validation'>) => {
    const options = tinyOptions({ method: 'interval', epochs: 2, augment: 'flip-shift' })
    for await (const { epoch, networks, reports } of train(options, { ...tinyData, training, validation })) {
      if (epoch === 2) return [networks[0].network.parameters.slice(), reports[0].cleanError]
    }
  }
  const { training, validation } = tinyData
  const ofBytes = await weights(tinyData)
  expect(ofBytes?.[0]).toBeInstanceOf(Float32Array)
  expect(await weights({ training: asFloats(training), validation: asFloats(validation) })).toEqual(ofBytes)
})

test('certification', async () => {
  const { network, dataset } = smallCase(0, 8)
  const options = { epsilon: 0.05, steps: ['pgd', 'lp', 'complete'], pgd: { steps: 4 } } as const
  const ofBytes = comparable(await rowsOf(certify(network, dataset, options)))
  expect(comparable(await rowsOf(certify(network, asFloats(dataset), options)))).toEqual(ofBytes)
})
