/** The paper's MNIST Small networks in models/, over balls around synthetic digits: does the answer stay the same? */
import { join } from 'node:path'
import { syntheticDigits } from '../../src/data/synthetic.ts'
import { loadNetwork } from '../../src/node/network-file.ts'
import { encodeNetwork } from '../../src/formats/onnx/export.ts'
import { evaluate, largestIndex } from '../../src/model/evaluate.ts'
import { type BenchQuestion, type Family, vnnlib } from './question.ts'

const COUNT = 12

export function imageFamily(seed: number): Family {
  const networks = new Map<string, Uint8Array>()
  const questions: BenchQuestion[] = []
  const { images } = syntheticDigits(COUNT, seed, 'test')
  for (const [file, epsilon] of [
    ['mnist-small-0.1', 0.1],
    ['mnist-small-0.3-pixels', 0.3],
  ] as const) {
    const path = join(import.meta.dirname, '../../models', `${file}.safetensors`)
    const { network } = loadNetwork(path)
    networks.set(file, encodeNetwork(network, {}, file))
    for (let i = 0; i < COUNT; i++) {
      const image = [...images.subarray(i * 784, (i + 1) * 784)].map((byte) => byte / 255)
      const label = largestIndex(evaluate(network, image))
      const box = {
        lower: image.map((pixel) => Math.max(0, pixel - epsilon)),
        upper: image.map((pixel) => Math.min(1, pixel + epsilon)),
      }
      const others = Array.from({ length: 10 }, (_, c) => c).filter((c) => c !== label)
      const unsafe = `(or ${others.map((c) => `(<= Y_${label} Y_${c})`).join(' ')})`
      questions.push({ name: `${file}-${i}`, network: file, property: vnnlib(box, 10, unsafe) })
    }
  }
  return { name: 'images', networks, questions }
}
