/**
 * node bench/cost.ts --data DIR --small RUN --large RUN [--images 8]     measures, writes docs/cost.json and docs/cost.svg
 * node bench/cost.ts --draw                                              draws docs/cost.json again
 *
 * What an LP-dual training step by exact bounds costs, and how many neurons are unstable: over ε at fixed weights (the
 * last of RUN) and over the epochs of a run at ε = 0.1. RUN is a folder that checkpoints.ts has filled. Time is that of
 * one thread, counted as CPU time, so that a busy machine changes little.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { loadChunk } from '../src/bounds/chunk.ts'
import type { Dataset } from '../src/data/dataset.ts'
import { loadDataset } from '../src/node/data/load-dataset.ts'
import { Engine } from '../src/device/wasm/engine.ts'
import { Tape } from '../src/device/tape.ts'
import { UserError } from '../src/base/errors.ts'
import { loadNetwork } from '../src/node/network-file.ts'
import { examples } from '../src/attacks/inputs.ts'
import { LoadedNetwork } from '../src/device/loaded-network.ts'
import { type Network, countHiddenUnits } from '../src/model/network.ts'
import { layLoss } from '../src/training/losses/mixture.ts'
import { pgd } from '../src/attacks/gradient-attack.ts'
import { type CostCurve, type CostPoint, costSvg } from './cost-picture.ts'
import { paperBall } from '../src/region/ball.ts'

const radii = [0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.3]
const target = 0.1

/** Means over the first images of a data set. */
async function costOf(
  network: Network,
  dataset: Dataset,
  epsilon: number,
  images: number,
): Promise<Omit<CostPoint, 'x'>> {
  const engine = await Engine.create()
  const loaded = new LoadedNetwork(engine, network.architecture, true)
  loaded.setParameters(network.parameters)
  const together = 4
  let [microseconds, unstable, rows] = [0, 0, 0]
  // the first chunk thrice more: code is compiled on the way
  for (let first = -3 * together; first < images; first += together) {
    const indices = Array.from({ length: together }, (_, i) => Math.max(0, first) + i)
    const mark = engine.mark()
    const before = process.cpuUsage()
    const tape = new Tape()
    const chunk = loadChunk(loaded, examples(dataset, indices), paperBall(epsilon))
    const result = layLoss('lp-dual', {
      ...{
        network: loaded,
        tape,
        weight: 1 / images,
        regularisation: 0,
        boxShare: 1,
        lossExponent: 0,
        attack: pgd('pixels', 0),
      },
      empirical: { loss: 'clean', combine: 'losses', share: 0 },
      bounds: { mode: 'exact', dimension: 1, memory: 2 ** 26, seed: 0 },
      chunk,
      attacked: chunk,
      attackedLayers: 1,
      identifiers: indices,
    })
    tape.backward()
    engine.release(mark)
    if (first < 0) continue
    microseconds += process.cpuUsage(before).user
    unstable += result.unstable
    rows += result.rows
  }
  const neurons = countHiddenUnits(network.architecture)
  return { milliseconds: microseconds / 1000 / images, unstable: (neurons * unstable) / images, rows: rows / images }
}

/** The networks that checkpoints.ts kept of a run, from its start. @throws UserError if there are none */
function checkpointsOf(folder: string): Network[] {
  const path = (epoch: number) => join(folder, `epoch-${epoch}.safetensors`)
  const networks: Network[] = []
  while (existsSync(path(networks.length))) networks.push(loadNetwork(path(networks.length)).network)
  if (networks.length === 0)
    throw new UserError(`${folder} has no epoch-0.safetensors: make it with bench/checkpoints.ts`)
  return networks
}

async function measure(folders: readonly string[], data: string | undefined, images: number): Promise<CostCurve[]> {
  const dataset = await loadDataset('mnist', 'train', data === undefined ? {} : { dataDirectory: data })
  const curves: CostCurve[] = []
  for (const folder of folders) {
    const networks = checkpointsOf(folder)
    const { architecture } = networks[0]
    const curve = async (
      over: CostCurve['over'],
      steps: readonly { x: number; network: Network; epsilon: number }[],
    ) => {
      const points: CostPoint[] = []
      for (const { x, network, epsilon } of steps) {
        points.push({ x, ...(await costOf(network, dataset, epsilon, images)) })
        console.error(architecture.name, over, JSON.stringify(points.at(-1)))
      }
      curves.push({ network: architecture.name, neurons: countHiddenUnits(architecture), over, points })
    }
    const last = networks.at(-1)!
    await curve(
      'ε',
      radii.map((epsilon) => ({ x: epsilon, network: last, epsilon })),
    )
    await curve(
      'epoch',
      networks.map((network, x) => ({ x, network, epsilon: target })),
    )
  }
  return curves
}

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    small: { type: 'string', default: 'runs/cost-mnist-small' },
    large: { type: 'string', default: 'runs/cost-mnist-large' },
    images: { type: 'string', default: '8' },
    draw: { type: 'boolean', default: false },
  },
})
const picture = (type: string) => fileURLToPath(new URL(`../docs/cost.${type}`, import.meta.url))
if (!values.draw) {
  const curves = await measure([values.small, values.large], values.data, Number(values.images))
  writeFileSync(picture('json'), `${JSON.stringify(curves, null, 2)}\n`)
}
writeFileSync(picture('svg'), costSvg(JSON.parse(readFileSync(picture('json'), 'utf8')) as CostCurve[]))
