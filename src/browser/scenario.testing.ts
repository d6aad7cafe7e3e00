/** What every runtime must compute bit by bit alike. Numbers are given by their bits. */
import { Random } from '../base/random.ts'
import { toBase64 } from '../formats/bytes.ts'
import { dualBounds, intervalBounds, syntheticDigits, train, trainingOptions } from '../index.ts'
import { sizeOf } from '../model/layers.ts'
import type { Architecture } from '../model/network.ts'
import { randomNetwork } from '../model/random-network.testing.ts'

const bits = ({ buffer, byteOffset, byteLength }: Float32Array | Float64Array) =>
  toBase64(new Uint8Array(buffer, byteOffset, byteLength))

const network = randomNetwork(new Random(1, 'runtimes'), { input: { channels: 1, height: 8, width: 8 } })

/** Margins around one image, by intervals and by LP duality. */
export async function margins(): Promise<Record<string, string>> {
  const random = new Random(2, 'runtimes')
  const image = Float32Array.from({ length: sizeOf(network.architecture.input) }, () => random.uniform())
  const bounds = {
    interval: await intervalBounds(network, image, 0, { epsilon: 0.02 }),
    lp: await dualBounds(network, image, 0, { epsilon: 0.02 }),
    l2: await dualBounds(network, image, 0, { epsilon: 0.1, norm: 'l2' }),
  }
  return Object.fromEntries(Object.entries(bounds).map(([name, { margins }]) => [name, bits(margins)]))
}

/** Weights of a small pair after two short epochs. */
export async function weights(): Promise<Record<string, string>> {
  const options = trainingOptions({ epochs: 2, batchSize: 10, epsilon: 0.02, rampEpochs: 1 })
  const architecture: Architecture = {
    name: 'tiny',
    input: { channels: 1, height: 28, width: 28 },
    layers: [
      { kind: 'convolution', outChannels: 2, kernel: 6, stride: 4, padding: 0 },
      { kind: 'relu' },
      { kind: 'flatten' },
      { kind: 'linear', outFeatures: 10 },
    ],
  }
  const [training, validation] = [syntheticDigits(40, 1, 'train'), syntheticDigits(10, 1, 'validation')]
  let last: Record<string, string> = {}
  for await (const { networks } of train(options, { architecture, training, validation })) {
    last = Object.fromEntries(networks.map(({ name, network }) => [name, bits(network.parameters)]))
  }
  return last
}
