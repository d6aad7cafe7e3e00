/** Random networks and balls, in the engine and recorded for the tests' GPU. */
import type { Random } from '../../base/random.ts'
import { LoadedNetwork } from '../../device/loaded-network.ts'
import type { Tape } from '../../device/tape.ts'
import type { Engine } from '../../device/wasm/engine.ts'
import { batchOf } from '../../device/webgpu/batch.ts'
import type { Trial } from '../../device/webgpu/gpu.testing.ts'
import { BatchNetwork } from '../../device/webgpu/network.ts'
import { type Layer, type Shape, sizeOf } from '../../model/layers.ts'
import { type Architecture, type Network, countParameters } from '../../model/network.ts'
import { paperBall } from '../../region/ball.ts'
import { type Chunk, loadChunk } from '../chunk.ts'
import type { BatchBall } from './ball.ts'
import { type RelaxedBatch, type StageBounds, relaxBatch } from './relax.ts'

const relu: Layer = { kind: 'relu' }
const convolution = (outChannels: number, kernel: number, stride: number, from?: number): Layer => ({
  ...{ kind: 'convolution', outChannels, kernel, stride, padding: 1 },
  ...(from !== undefined && { from }),
})

const input: Shape = { channels: 2, height: 5, width: 5 }
const end: readonly Layer[] = [{ kind: 'flatten' }, { kind: 'linear', outFeatures: 5 }, relu]

/** Two convolutions, whose windows reach over the border, and linear layers. */
export const sequential: Architecture = {
  name: 'sequential',
  input,
  layers: [convolution(3, 3, 2), relu, convolution(3, 3, 1), relu, ...end, { kind: 'linear', outFeatures: 4 }],
}

/** A sum over two paths, one of which has no layer of its own. */
export const residual: Architecture = {
  name: 'residual',
  input,
  layers: [
    ...[convolution(3, 3, 2), relu, convolution(3, 3, 1), relu, convolution(3, 3, 1)],
    ...[{ kind: 'add', other: 1 } as const, relu, ...end, { kind: 'linear', outFeatures: 4 } as const],
  ],
}

export const randomParameters = (random: Random, architecture: Architecture): Network => ({
  architecture,
  parameters: new Float32Array(countParameters(architecture)).map(() => 0.4 * random.normal()),
})

export interface Balls {
  readonly images: readonly Float32Array[]
  readonly labels: readonly number[]
  readonly epsilon: number
}

export const randomBalls = (random: Random, count: number, epsilon: number): Balls => ({
  images: Array.from({ length: count }, () => Float32Array.from({ length: sizeOf(input) }, () => random.uniform())),
  labels: Array.from({ length: count }, () => random.integer(4)),
  epsilon,
})

/** In the engine. */
export function loadBalls(
  engine: Engine,
  { architecture, parameters }: Network,
  balls: Balls,
): { readonly network: LoadedNetwork; readonly chunk: Chunk } {
  const network = new LoadedNetwork(engine, architecture, true)
  network.setParameters(parameters)
  return { network, chunk: loadChunk(network, balls, paperBall(balls.epsilon)) }
}

/** On the GPU: the balls of a chunk. */
export function recordBalls(trial: Trial, { ball, labels, columns }: Chunk): BatchBall {
  const padded = (values: readonly number[]) => Uint32Array.from({ length: columns }, (_, e) => values[e] ?? 0)
  return {
    batch: batchOf(labels.length),
    box: trial.input([...ball.centre.read(), ...ball.radius.read()]),
    identifiers: trial.input(padded(labels.map((_, e) => e))),
    labels: trial.input(padded(labels)),
  }
}

/** On the GPU: a network relaxed in one way, and where its gradient goes. */
export function relaxOnGpu(
  { trial, tape, ball }: { readonly trial: Trial; readonly tape?: Tape; readonly ball: BatchBall },
  { architecture, parameters }: Network,
  way: StageBounds,
): { readonly relaxed: RelaxedBatch; readonly network: BatchNetwork } {
  const network = new BatchNetwork(architecture)
  trial.gpu.write(network.parameters, parameters)
  network.pack(trial.plan)
  const stages = network.stages(trial.plan, tape !== undefined)
  const how = stages.slice(0, -1).map(() => way)
  return {
    network,
    relaxed: relaxBatch(trial.plan, tape, { stages, ball }, { how, dimension: 1, stream: 'projection' }),
  }
}
