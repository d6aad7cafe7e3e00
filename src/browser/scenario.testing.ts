/** What every runtime must compute bit by bit alike. Numbers are given by their bits. */
import { Random } from '../base/random.ts'
import { dualBounds, intervalBounds } from '../bounds/network-bounds.ts'
import { toBase64 } from '../formats/bytes.ts'
import { sizeOf } from '../model/layers.ts'
import { randomNetwork } from '../model/random-network.testing.ts'

const bits = ({ buffer, byteOffset, byteLength }: Float32Array | Float64Array) =>
  toBase64(new Uint8Array(buffer, byteOffset, byteLength))

const network = randomNetwork(new Random(1, 'runtimes'), { input: { channels: 1, height: 8, width: 8 } })

/** Margins around one image, by intervals and by LP duality. */
export async function margins(): Promise<Record<string, string>> {
  const random = new Random(2, 'runtimes')
  const image = Float32Array.from({ length: sizeOf(network.architecture.input) }, () => random.uniform())
  const bounds = {
    interval: await intervalBounds(network, image, 0, 0.02),
    lp: await dualBounds(network, image, 0, 0.02),
    l2: await dualBounds(network, image, 0, 0.1, { norm: 'l2' }),
  }
  return Object.fromEntries(Object.entries(bounds).map(([name, { margins }]) => [name, bits(margins)]))
}
