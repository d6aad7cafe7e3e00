import { copyFileSync, existsSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { saveAnyNetwork } from '../any-network.ts'
import { loadNetwork, saveNetwork } from '../network-file.ts'
import { drawn, bytesOf, node } from '../../formats/onnx/model.testing.ts'
import { architectureNamed, architectureOf } from '../../model/architectures.ts'
import { evaluate } from '../../model/evaluate.ts'
import { initialise } from '../../model/initialise.ts'
import { Random } from '../../base/random.ts'
import type { Architecture, Network } from '../../model/network.ts'
import { writeSafetensors } from '../safetensors-file.ts'
import type { GivenOptions } from '../../training/settings.ts'
import { type RunOptions, resumeRun, trainRun } from './run.ts'
import { smallOptions, stateIn, stopAfter } from './runs.testing.ts'
import { startFrom } from '../../training/start.ts'
import { architectureOfStart, readStarts } from './start-files.ts'
import { startLearners } from '../../training/learner.ts'
import { temporaryFolder } from '../temporary.testing.ts'
import { oneLine } from '../../base/one-line.testing.ts'

const folder = temporaryFolder()
const at = (...names: string[]) => join(folder, ...names)

const optionsOf = (given: GivenOptions = {}) => smallOptions({ trainingCount: 16, ...given })
const runIn = (name: string, run: Partial<RunOptions> = {}): RunOptions => ({ out: at(name), workers: 2, ...run })
const small = architectureNamed('mnist-small')

/** The first weights of a network, which tell it from others. */
const weights = ({ parameters }: Pick<Network, 'parameters'>) => [...parameters.subarray(0, 5)]
const weightsIn = (...path: string[]) => weights(loadNetwork(at(...path)).network)

const state = (name: string) => stateIn(at(name))

const networks = [1, 2, 3].map((seed) => initialise(small, seed)) as [Network, Network, Network]
beforeAll(() => {
  for (const name of ['single', 'pair', 'unchosen', 'unfinished']) mkdirSync(at(name))
  const [one, two, three] = networks
  saveNetwork(at('one.safetensors'), one)
  saveNetwork(at('two.safetensors'), two)
  saveNetwork(at('single', 'f.safetensors'), one)
  saveNetwork(at('single', 'best.safetensors'), two)
  saveNetwork(at('unchosen', 'f.safetensors'), three)
  saveNetwork(at('pair', 'f.safetensors'), one)
  saveNetwork(at('pair', 'g.safetensors'), two)
  saveNetwork(at('pair', 'best.safetensors'), two)
})

describe('the start of training', () => {
  /** Weights that learners get. */
  function started(start: string, given: GivenOptions = {}, architecture = small) {
    const learners = startLearners(optionsOf(given), architecture)
    const names = learners.map(({ name }) => name)
    startFrom(learners, readStarts(start, names, architecture), architecture)
    expect(learners.every((learner) => learner.steps === 0 && learner.state.first.every((v) => v === 0))).toBe(true)
    return learners.map((learner) => weights(learner.state))
  }
  const [one, two, three] = networks.map(weights)

  it('for one network is a file of any format, or the network that a run has chosen', () => {
    expect(started(at('one.safetensors'))).toEqual([one])
    expect(started(at('single'))).toEqual([two])
    expect(started(at('unchosen'))).toEqual([three])
    for (const extension of ['npz', 'onnx']) {
      saveAnyNetwork(at(`one.${extension}`), networks[0])
      expect(started(at(`one.${extension}`))).toEqual([one])
    }
    // ONNX files keep a normalisation as 32-bit floats
    for (const name of ['cifar10-small', 'cifar10-resnet']) {
      const network = initialise(architectureNamed(name), 1)
      saveAnyNetwork(at(`${name}.onnx`), network)
      const [given] = started(at(`${name}.onnx`), { dataset: 'cifar10', architecture: name }, network.architecture)
      expect(given).toEqual(weights(network))
    }
  })

  it('for a pair is a pair, or two networks', () => {
    const pair = { method: 'robustra' } as const
    expect(started(at('pair'), pair)).toEqual([one, two])
    expect(started(`${at('two.safetensors')}, ${at('one.npz')}`, pair)).toEqual([two, one])
    expect(started(`${at('single')},${at('unchosen')}`, pair)).toEqual([two, three])
  })

  it('is refused if it does not fit, with what to do', () => {
    const refused = (start: string, pattern: RegExp, method: 'natural' | 'robustra' = 'natural') =>
      expect(() => started(start, { method })).toThrow(oneLine(pattern))
    refused(at('nowhere.safetensors'), /nowhere.safetensors: there is no such file/)
    refused(at('unfinished'), /has no f.safetensors: start from a run that has finished an epoch/)
    refused(at('one.txt'), /one.txt: a network file ends in/)
    refused(`${at('one.npz')},${at('two.safetensors')}`, /only methods robustra and orthogonal train two networks/)
    refused(at('one.safetensors'), /a pair needs two networks: give the folder of a pair/, 'robustra')
    refused(at('single'), /single has no g.safetensors/, 'robustra')
    refused([1, 2, 3].map(() => at('one.npz')).join(), /a pair needs two networks/, 'robustra')
    refused(`${at('one.npz')},${at('one.safetensors')}`, /are the same network: .* must differ/, 'robustra')
    copyFileSync(at('one.safetensors'), at('damaged.safetensors'))
    truncateSync(at('damaged.safetensors'), 5000)
    refused(at('damaged.safetensors'), /damaged.safetensors/)
    saveNetwork(at('colour.safetensors'), initialise(architectureNamed('cifar10-small'), 1))
    refused(at('colour.safetensors'), /'cifar10-small', which has other layers than mnist-small: choose another/)
    // as large, layer by layer, but another function
    const layers = small.layers.map((layer, i) => (i === 0 ? { ...layer, stride: 1, padding: 0 } : layer))
    const strided = { ...small, input: { channels: 1, height: 16, width: 16 }, layers }
    saveNetwork(at('strided.safetensors'), initialise(strided, 1))
    refused(
      at('strided.safetensors'),
      /'conv 16 4, relu, .*, linear', which has other layers than 'conv 16 4 2 1, relu/,
    )
    // the same layers for other classes
    const fewer = {
      ...small,
      name: 'fewer',
      layers: [...small.layers.slice(0, -1), { kind: 'linear', outFeatures: 5 } as const],
    }
    saveNetwork(at('fewer.safetensors'), initialise(fewer, 1))
    refused(at('fewer.safetensors'), /'fewer', which has other layers than mnist-small/)
  })
})

describe('the architecture of a start', () => {
  const own: Architecture = {
    name: 'own',
    input: { channels: 1, height: 28, width: 28 },
    layers: [
      { kind: 'normalise', mean: [0.5], deviation: [0.25] },
      { kind: 'convolution', outChannels: 2, kernel: 4, stride: 4, padding: 0, groups: 1 },
      { kind: 'relu' },
      { kind: 'flatten' },
      { kind: 'linear', outFeatures: 10 },
    ],
  }

  it('is that of its file, as a text', () => {
    expect(architectureOfStart(at('single'))).toBe('mnist-small')
    expect(architectureOfStart(`${at('one.safetensors')}, ${at('two.safetensors')}`)).toBe('mnist-small')
    const network = initialise(own, 1)
    for (const extension of ['onnx', 'npz']) {
      const path = at(`own.${extension}`)
      saveAnyNetwork(path, network)
      const text = architectureOfStart(path)
      expect(text).toBe('normalise 0.5 / 0.25, conv 2 4 4, relu, linear')
      const architecture = architectureOf(text, { input: own.input, classes: 10 })
      expect(weights(readStarts(path, ['f'], architecture)[0]!.network)).toEqual(weights(network))
    }
  })

  it('is that of the run, where a file does not say it; networks of vectors take images', () => {
    const random = new Random(1, 'state')
    const tensors = new Map(
      Object.entries({ 'a.weight': [5, 784], 'b.weight': [10, 5] }).map(([name, shape]) => [
        name,
        { shape, data: Float64Array.from({ length: shape[0] * shape[1] }, () => random.normal()) },
      ]),
    )
    writeSafetensors(at('state.safetensors'), tensors, {})
    expect(architectureOfStart(at('state.safetensors'))).toBe('mlp: linear 5, relu, linear')
    const architecture = architectureOf('linear 5, relu, linear', { input: own.input, classes: 10 })
    const learners = startLearners(optionsOf(), architecture)
    startFrom(learners, readStarts(at('state.safetensors'), ['f'], architecture), architecture)
    // rounded
    expect(weights(learners[0]!.state)).toEqual([...tensors.get('a.weight')!.data.subarray(0, 5)].map(Math.fround))
  })

  it('is refused where there is none, with the operator', () => {
    const nodes = [node('MatMul', 'x w', 'a'), node('LeakyRelu', 'a', 'b'), node('MatMul', 'b v', 'y')]
    const initialisers = [drawn('w', [4, 3]), drawn('v', [3, 2])]
    writeFileSync(at('leaky.onnx'), bytesOf({ input: ['N', 4], nodes, initialisers }))
    expect(() => architectureOfStart(at('leaky.onnx'))).toThrow(
      oneLine(/leaky.onnx cannot be trained: LeakyRelu 'b-node' is not a layer of such a network/),
    )
  })
})

describe('a run', () => {
  const still = { optimiser: 'sgd', learningRate: 1e-30, epochs: 1 } as const

  it('begins where it is told to, a pair also side by side', async () => {
    for (const parallelPair of [false, true]) {
      const name = `from pair ${parallelPair}`
      await trainRun(optionsOf({ ...still, method: 'robustra', start: at('pair'), parallelPair }), runIn(name))
      expect(weightsIn(name, 'f.safetensors')).toEqual(weights(networks[0]))
      expect(weightsIn(name, 'g.safetensors')).toEqual(weights(networks[1]))
    }
  })

  it('stopped before its first epoch was done continues from the same networks, even if their files have changed', async () => {
    for (const batchNorm of [false, true]) {
      copyFileSync(at('one.safetensors'), at('lent.safetensors'))
      const options = optionsOf({ start: at('lent.safetensors'), epochs: 1, batchNorm })
      const [whole, stopped] = [`whole ${batchNorm}`, `stopped ${batchNorm}`]
      await trainRun(options, runIn(whole))
      await expect(trainRun(options, runIn(stopped, stopAfter(1)))).rejects.toThrow('stopped by the test')
      copyFileSync(at('two.safetensors'), at('lent.safetensors'))
      await resumeRun(runIn(stopped, { workers: 1 }))
      expect(state(stopped)).toEqual(state(whole))
    }
  })

  it('with batch normalisation begins with what the network computes', async () => {
    await trainRun(optionsOf({ method: 'interval', epochs: 3 }), runIn('before'))
    const settings = { method: 'interval', batchNorm: true, start: at('before', 'f.safetensors') } as const
    const { reports } = await trainRun(optionsOf({ ...settings, learningRate: 1e-9 }), runIn('still'))
    const { network } = loadNetwork(at('before', 'f.safetensors'))
    const after = loadNetwork(at('still', 'f.safetensors')).network
    const image = new Float32Array(784).map((_, i) => (i % 7) / 7)
    const expected = evaluate(network, image)
    // the moments of the second epoch are of images in another order, the same ones
    evaluate(after, image).forEach((value, i) => expect(value).toBeCloseTo(expected[i], 2))
    expect(reports).toHaveLength(2)
  })

  it('that cannot begin there leaves no folder', async () => {
    await expect(trainRun(optionsOf({ start: at('nowhere.npz') }), runIn('never'))).rejects.toThrow(
      oneLine(/nowhere.npz/),
    )
    expect(existsSync(at('never'))).toBe(false)
  })
})

describe('a warm-up', () => {
  it('is training by its own method, each network for itself', async () => {
    const { reports } = await trainRun(
      optionsOf({ method: 'robustra', warmUp: 'natural', trainingCount: 12 }),
      runIn('warm pair'),
    )
    expect(reports.map(({ network, method }) => `${network} ${method}`)).toEqual([
      ...['f natural', 'g natural', 'f robustra', 'g robustra'],
    ])
    expect(reports.map(({ space }) => space !== undefined)).toEqual([false, false, true, true])
    await trainRun(optionsOf({ epochs: 1, trainingCount: 12 }), runIn('natural'))
    const { seconds: _, elapsed: __, epsilon: ___, ...first } = reports[0]
    expect(state('natural').log[0]).toMatchObject(first)
    // g begins elsewhere
    expect(reports[1].loss).not.toBe(reports[0].loss)
  })

  it('by intervals and regularised is the same after an interruption', async () => {
    const options = optionsOf({
      ...{ method: 'lp-dual', warmUp: 'interval', warmUpEpochs: 2, epochs: 3, initialisation: 'ibp', epsilon: 0.1 },
    })
    expect(options.regularise).toBe(0.5)
    await trainRun(options, runIn('uncut'))
    await expect(trainRun(options, runIn('cut', stopAfter(2)))).rejects.toThrow('stopped by the test')
    await resumeRun(runIn('cut', { workers: 1 }))
    expect(state('cut')).toEqual(state('uncut'))
    expect(state('uncut').log.map(({ method, epsilon }) => [method, epsilon])).toEqual([
      ...[
        ['interval', 0.05],
        ['interval', 0.1],
        ['lp-dual', 0.1],
      ],
    ])
  })
})
