/** `cifar10-small` against dense_dual.py: the same images and weights, in turns; and whether both say the same. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { examples } from '../src/attacks/inputs.ts'
import { loadChunk } from '../src/bounds/chunk.ts'
import { relaxNetwork } from '../src/bounds/dual.ts'
import { dualMargins } from '../src/bounds/margins.ts'
import type { Dataset } from '../src/data/dataset.ts'
import { loadDataset } from '../src/node/data/load-dataset.ts'
import { Engine } from '../src/device/wasm/engine.ts'
import { architectureNamed } from '../src/model/architectures.ts'
import { initialise } from '../src/model/initialise.ts'
import { sizeOf } from '../src/model/layers.ts'
import { LoadedNetwork } from '../src/device/loaded-network.ts'
import type { Network } from '../src/model/network.ts'
import { loadNetwork, saveNetwork } from '../src/node/network-file.ts'
import { timeCertify } from './certification.ts'
import { type GivenWeights, measureCase } from './networks.ts'
import { runPeer, scriptHere } from './peer.ts'
import { paperBall } from '../src/region/ball.ts'

export interface PeerRequest {
  /** The folder of CIFAR-10; undefined for the cache. */
  readonly data: string | undefined
  /** The weights of `cifar10-small`; if they are left out, random ones. */
  readonly weights: GivenWeights | undefined
  /** How many images of the test set ours certifies; the peer does the first 100 of them. */
  readonly images: number
  readonly workers: number
}

/** Milliseconds per image, the peer's and ours, turn by turn. */
export interface PeerComparison {
  readonly epsilon: number
  readonly certification: readonly (readonly [number, number])[]
  readonly step: readonly (readonly [number, number])[]
  /** For ours: the time of all `images`, and how many are certified. */
  readonly seconds: number
  readonly certified: number
  /** Largest difference of margins on the first images, ours being the paper's bound, in float32 both. */
  readonly difference: number
  readonly largestMargin: number
  readonly peerMegabytes: number
}

const architecture = 'cifar10-small'
const peerImages = 100
const batch = 50
const turns = 3
const compared = 20

export async function compareCifar10({ data, weights, images, workers }: PeerRequest): Promise<PeerComparison> {
  const folder = mkdtempSync(join(tmpdir(), 'robustra-bench-'))
  try {
    const dataset = await loadDataset('cifar10', 'test', data === undefined ? {} : { dataDirectory: data })
    const network = weights ? loadNetwork(weights.first).network : initialise(architectureNamed(architecture), 1)
    const epsilon = weights?.epsilon ?? 2 / 255
    const path = join(folder, 'network.safetensors')
    saveNetwork(path, network)
    const peer = async (mode: 'certify' | 'step', more: object = {}) =>
      runPeer(scriptHere('dense_dual.py'), workers, [
        JSON.stringify({ ...jobOf(dataset, network, folder, path), mode, epsilon, ...more }),
      ])
    const out = join(folder, 'margins')
    await peer('certify', { count: compared, out })
    const theirs = new Float32Array(Uint8Array.from(readFileSync(out)).buffer)
    const ours = await paperMargins(network, dataset, epsilon, compared)
    const [certification, step]: [[number, number][], [number, number][]] = [[], []]
    let [peerMegabytes, seconds, certified] = [0, Infinity, 0]
    const stepCase = {
      architecture,
      method: 'lp-dual',
      bounds: 'exact',
      epsilon,
      start: path,
      batch,
      workers,
      data,
    } as const
    for (let turn = 0; turn < turns; turn++) {
      const [proof, dual] = [await peer('certify'), await peer('step')]
      const own = await timeCertify(dataset, network, epsilon, images, workers)
      certification.push([proof.millisecondsPerImage, own.millisecondsPerImage])
      step.push([dual.millisecondsPerImage, (await measureCase(stepCase, 600)).cost!.millisecondsPerImage])
      peerMegabytes = Math.max(peerMegabytes, proof.peakMegabytes, dual.peakMegabytes)
      seconds = Math.min(seconds, own.seconds)
      certified = own.certified
    }
    return {
      ...{ epsilon, certification, step, seconds, certified, peerMegabytes },
      difference: Math.max(...theirs.map((value, i) => Math.abs(value - ours[i]))),
      largestMargin: Math.max(...ours.map(Math.abs)),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What dense_dual.py wants to know of images and weights. */
function jobOf({ images, labels, shape }: Dataset, { architecture }: Network, folder: string, weights: string) {
  const [imageFile, labelFile] = [join(folder, 'images'), join(folder, 'labels')]
  writeFileSync(imageFile, images.subarray(0, peerImages * sizeOf(shape)))
  writeFileSync(labelFile, labels.subarray(0, peerImages))
  const normalise = architecture.layers.find((layer) => layer.kind === 'normalise')
  return {
    ...{ weights, images: imageFile, labels: labelFile, shape: [shape.channels, shape.height, shape.width] },
    ...{ mean: normalise?.mean ?? [0, 0, 0], deviation: normalise?.deviation ?? [1, 1, 1], count: peerImages, batch },
  }
}

/** Lower bounds of z_label − z_j of the first images, as the paper has them, [image][class]. */
async function paperMargins(network: Network, dataset: Dataset, epsilon: number, count: number): Promise<number[]> {
  const engine = await Engine.create()
  const loaded = new LoadedNetwork(engine, network.architecture, false)
  loaded.setParameters(network.parameters)
  return Array.from({ length: count }, (_, i) => {
    const mark = engine.mark()
    const chunk = loadChunk(loaded, examples(dataset, [i]), paperBall(epsilon))
    const bounds = dualMargins(relaxNetwork(loaded, undefined, chunk, { prune: false }), undefined, 0)
    const margins = [...bounds.read()].map((bound) => -bound)
    engine.release(mark)
    return margins
  }).flat()
}
