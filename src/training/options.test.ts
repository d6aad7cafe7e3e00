import { describe, expect, it } from 'vitest'
import { trainingOptions } from './options.ts'
import type { GivenOptions } from './settings.ts'
import { presets } from './presets.ts'

describe('training options', () => {
  it('have defaults', () => {
    expect(trainingOptions({})).toMatchObject({
      dataset: 'synthetic',
      architecture: 'mnist-small',
      method: 'robustra',
      epsilon: 0.1,
      epochs: 10,
      batchSize: 50,
      seed: 1,
      validationCount: 600,
      optimiser: 'adam',
      learningRate: 0.001,
      rampEpochs: 2,
      halveEvery: 1,
    })
    expect(trainingOptions({ dataset: 'mnist' }).validationCount).toBe(5000)
  })

  it('have the paper’s presets, whose schedule scales with the epochs', () => {
    expect(Object.keys(presets)).toEqual(expect.arrayContaining(['paper-mnist-0.1', 'paper-mnist-0.3']))
    expect(trainingOptions({}, 'paper-mnist-0.3')).toMatchObject({
      dataset: 'mnist',
      epsilon: 0.3,
      epochs: 100,
      rampEpochs: 20,
      halveEvery: 10,
    })
    expect(trainingOptions({ epochs: 30, seed: undefined }, 'paper-mnist-0.1')).toMatchObject({
      epochs: 30,
      rampEpochs: 6,
      halveEvery: 3,
      seed: 1,
    })
    expect(trainingOptions({ epochs: 30, rampEpochs: 1 })).toMatchObject({ rampEpochs: 1, halveEvery: 3 })
  })

  it('follow the paper on CIFAR-10 too: SGD, clipping, augmentation', () => {
    const paper = {
      ...{ dataset: 'cifar10', architecture: 'cifar10-small', method: 'robustra', augment: 'flip-crop' },
      ...{ epochs: 100, batchSize: 50, learningRate: 0.001, rampEpochs: 20, halveEvery: 10, validationCount: 5000 },
      ...{ optimiser: 'sgd', momentum: 0.9, weightDecay: 5e-4, gradientClip: 1 },
    }
    expect(trainingOptions({}, 'paper-cifar10-2')).toMatchObject({ ...paper, epsilon: 2 / 255 })
    expect(trainingOptions({}, 'paper-cifar10-8')).toMatchObject({ ...paper, epsilon: 8 / 255 })
    // 0.01 of normalised pixels, so that ε grows also where it ends at 2/255
    expect(trainingOptions({}, 'paper-cifar10-2').epsilonStart).toBeCloseTo(0.00225, 12)
    expect(trainingOptions({ epochs: 10, architecture: 'cifar10-large' }, 'paper-cifar10-8')).toMatchObject({
      ...{ architecture: 'cifar10-large', rampEpochs: 2, halveEvery: 1, gradientClip: 1 },
    })
  })

  it('have losses by name, which the command line overrides', () => {
    const share = (preset: string, given: GivenOptions = {}) => trainingOptions(given, preset).empiricalShare
    expect([share('cc-ibp'), share('mtl-ibp'), share('sabr'), share('taps')]).toEqual([0.9, 0.99, 0, 0])
    expect(share('cc-ibp', { empiricalShare: 0.3 })).toBe(0.3)
    expect(trainingOptions({ dataset: 'mnist' }, 'exp-ibp')).toMatchObject({
      ...{ dataset: 'mnist', method: 'interval', empirical: 'adversarial', combine: 'logarithms' },
    })
    expect(trainingOptions({}, 'staps')).toMatchObject({ method: 'taps', boxShare: 0.4 })
  })

  it('have defaults that suit the data set, which presets and users override', () => {
    const fitting = { architecture: 'cifar10-small', augment: 'flip-crop', validationCount: 5000 }
    expect(trainingOptions({ dataset: 'cifar10' })).toMatchObject(fitting)
    expect(trainingOptions({ dataset: 'mnist' })).toMatchObject({ architecture: 'mnist-small', augment: 'none' })
    expect(trainingOptions({ dataset: 'cifar10', augment: 'none', architecture: 'cifar10-large' })).toMatchObject({
      ...{ architecture: 'cifar10-large', augment: 'none' },
    })
    expect(trainingOptions({}, 'paper-mnist-0.1').augment).toBe('none')
    expect(trainingOptions({ dataset: 'synthetic' }, 'paper-mnist-0.1').validationCount).toBe(600)
  })

  it('take any architecture, whose mistakes are named as soon as the images are known', () => {
    const own = (dataset: NonNullable<GivenOptions['dataset']>, architecture: string) => () =>
      trainingOptions({ dataset, architecture })
    expect(own('mnist', 'conv 4 3, relu, linear')()).toMatchObject({ architecture: 'conv 4 3, relu, linear' })
    expect(own('mnist', 'conv 4 29, relu, linear')).toThrow(
      "item 1 ('conv 4 29'): convolution of kernel 29 does not fit 1×28×28",
    )
    expect(own('mnist', 'cifar10-small')).toThrow('takes 3×32×32 images of 10 classes, but mnist has 1×28×28 of 10')
    expect(own('./a/folder', 'conv 4 99, relu, linear')()).toMatchObject({ dataset: './a/folder' })
    expect(own('./a/folder', 'conv 4, relu, linear')).toThrow("item 1 ('conv 4'): write it as conv channels kernel")
    expect(trainingOptions({ dataset: './a/folder' })).toMatchObject({ architecture: 'auto', bounds: 'exact' })
    expect(own('./a/folder', 'cnn-7')().bounds).toBe('auto')
    expect(own('mnist', 'linear 10001, relu, linear')().bounds).toBe('auto')
  })

  it('take an ε as large as the norm lets it be', () => {
    expect(trainingOptions({}).norm).toBe('linf')
    expect(trainingOptions({ norm: 'l2', epsilon: 28, epsilonStart: 1.5 })).toMatchObject({ norm: 'l2', epsilon: 28 })
    expect(trainingOptions({ norm: 'l1', epsilon: 784 }).epsilon).toBe(784)
    const cifar10 = { norm: 'l1', dataset: 'cifar10' } as const
    expect(trainingOptions({ ...cifar10, epsilon: 3072 }).epsilon).toBe(3072)
    expect(() => trainingOptions({ norm: 'l2', epsilon: 29 })).toThrow('at most 28 in norm l2 of 784 pixels')
    expect(() => trainingOptions({ epsilon: 1.1 })).toThrow('at most 1 in norm linf; it is in pixels of [0, 1]')
  })

  it('count their schedules from the end of the warm-up, which is one epoch if nothing else is said', () => {
    expect(trainingOptions({})).toMatchObject({ warmUp: 'none', warmUpEpochs: 0, initialisation: 'default', start: '' })
    expect(trainingOptions({ warmUp: 'natural' })).toMatchObject({ warmUpEpochs: 1, rampEpochs: 1.8, halveEvery: 0.9 })
    expect(trainingOptions({ warmUp: 'interval', warmUpEpochs: 20 }, 'paper-mnist-0.1')).toMatchObject({
      ...{ epochs: 100, rampEpochs: 16, halveEvery: 8 },
    })
  })

  it('regularise interval training from the initialisation for it, and nothing else, unless they are told to', () => {
    const weightOf = (given: GivenOptions) => trainingOptions(given).regularise
    expect(weightOf({ method: 'interval' })).toBe(0)
    expect(weightOf({ method: 'interval', initialisation: 'ibp' })).toBe(0.5)
    expect(weightOf({ warmUp: 'interval', initialisation: 'ibp' })).toBe(0.5)
    expect(weightOf({ initialisation: 'ibp' })).toBe(0)
    expect(weightOf({ method: 'interval', initialisation: 'ibp', regularise: 0 })).toBe(0)
    expect(weightOf({ method: 'interval', regularise: 0.2 })).toBe(0.2)
    expect(weightOf({ method: 'taps', initialisation: 'ibp' })).toBe(0.5)
  })

  it('estimate the bounds of large networks, unless they are told not to', () => {
    const boundsOf = (given: GivenOptions) => trainingOptions({ dataset: 'mnist', ...given }).bounds
    expect(boundsOf({ architecture: 'mnist-small' })).toBe('exact')
    expect(boundsOf({ architecture: 'mnist-large' })).toBe('auto')
    expect(boundsOf({ architecture: 'mnist-large', bounds: 'exact' })).toBe('exact')
    expect(trainingOptions({ architecture: 'cifar10-resnet' }, 'paper-cifar10-2').bounds).toBe('auto')
  })

  it('of an older version, which has fewer, mean what they meant', () => {
    const old = { method: 'interval', empirical: 'adversarial', empiricalShare: 0.7 } as const
    expect(trainingOptions(old)).toMatchObject({ ...old, combine: 'losses', attackFactor: 1, epsilonFactor: 1 })
  })

  it('are their own JSON', () => {
    const options = trainingOptions({ epochs: 7, method: 'interval' }, 'paper-mnist-0.1')
    expect(trainingOptions(JSON.parse(JSON.stringify(options)))).toEqual(options)
  })

  const bad: [string, object][] = [
    ['epsilon', { epsilon: -0.1 }],
    ['epsilon', { epsilon: 1.1 }],
    ['epsilon', { epsilon: '0.1' }],
    ['epsilon', { epsilon: 28.1, norm: 'l2' }],
    ['epsilon', { epsilon: 785, norm: 'l1' }],
    ['epsilonStart', { epsilonStart: 28.1, norm: 'l2' }],
    ['norm', { norm: 'l3' }],
    ['epsilon', { epsilon: NaN }],
    ['epochs', { epochs: 0 }],
    ['epochs', { epochs: 1.5 }],
    ['epochs', { epochs: -3 }],
    ['batchSize', { batchSize: 0 }],
    ['seed', { seed: -1 }],
    ['seed', { seed: 0.5 }],
    ['learningRate', { learningRate: 0 }],
    ['learningRate', { learningRate: Infinity }],
    ['momentum', { momentum: 1.5 }],
    ['weightDecay', { weightDecay: -1 }],
    ['gradientClip', { gradientClip: -1 }],
    ['epsilonStart', { epsilonStart: 2 }],
    ['rampEpochs', { rampEpochs: -1 }],
    ['halveEvery', { halveEvery: -1 }],
    ['empiricalShare', { empiricalShare: 2 }],
    ['empiricalShare', { empiricalShare: 0.5, method: 'natural' }],
    ['lossExponent', { lossExponent: 1.1 }],
    ['lossExponent', { lossExponent: 0.5, method: 'orthogonal' }],
    ['boxShare', { boxShare: 0 }],
    ['boxShare', { boxShare: 1.5 }],
    ['boxShare', { boxShare: 0.5, method: 'adversarial' }],
    ['domain', { domain: 'image' }],
    ['sparsity', { sparsity: -1 }],
    ['attackSteps', { attackSteps: 0 }],
    ['attackFactor', { attackFactor: 0, method: 'adversarial' }],
    ['attackFactor', { attackFactor: 2 }],
    ['attackFactor', { attackFactor: 11, method: 'adversarial' }],
    ['epsilonFactor', { epsilonFactor: 0 }],
    ['epsilonFactor', { epsilonFactor: 11 }],
    ['combine', { combine: 'products' }],
    ['combine', { combine: 'margins', method: 'natural' }],
    ['combine', { combine: 'margins', method: 'taps', empiricalShare: 0.5 }],
    ['combine', { combine: 'logarithms', method: 'lp-dual' }],
    ['attackedLayers', { attackedLayers: 0, method: 'taps' }],
    ['attackedLayers', { attackedLayers: 3, method: 'taps' }],
    ['attackedLayers', { attackedLayers: 2, method: 'taps', dataset: 'cifar10', architecture: 'cifar10-resnet' }],
    ['lossExponent', { lossExponent: 0.5, method: 'taps' }],
    ['validationCount', { validationCount: -1 }],
    ['trainingCount', { trainingCount: 1.5 }],
    ['method', { method: 'robusta' }],
    ['optimiser', { optimiser: 'adamw' }],
    ['augment', { augment: 'flop' }],
    ['initialisation', { initialisation: 'xavier' }],
    ['initialisation', { initialisation: 'ibp', start: 'f.safetensors' }],
    ['warmUp', { warmUp: 'lp-dual' }],
    ['warmUp', { warmUp: 'interval', method: 'interval' }],
    ['warmUpEpochs', { warmUpEpochs: 2 }],
    ['warmUpEpochs', { warmUp: 'natural', warmUpEpochs: 0 }],
    ['warmUpEpochs', { warmUp: 'natural', warmUpEpochs: 4, epochs: 4 }],
    ['warmUpEpochs', { warmUp: 'natural', epochs: 1 }],
    ['warmUpEpochs', { warmUp: 'natural', warmUpEpochs: 1.5 }],
    ['regularise', { regularise: -1, method: 'interval' }],
    ['regularise', { regularise: 0.5 }],
    ['start', { start: 3 }],
    ['batchNorm', { batchNorm: true, method: 'robustra' }],
    ['data set', { dataset: 'mnits' }],
    ['architecture', { architecture: 'mnist-smal' }],
    ['bounds', { bounds: 'estimated' }],
    ['bounds', { bounds: 'projected', norm: 'l1' }],
    ['projectionDimension', { projectionDimension: 0 }],
    ['memory', { memory: 0 }],
    ['parallelPair', { parallelPair: 'yes' }],
    ['parallelPair', { parallelPair: true, method: 'lp-dual' }],
    ['epsilo', { epsilo: 0.1 }],
  ]
  it.each(bad)('name %s if it is wrong: %o', (name, given) => {
    expect(() => trainingOptions(given as GivenOptions)).toThrow(
      expect.objectContaining({
        name: 'UserError',
        message: expect.stringMatching(new RegExp(`^[^\\n]*${name}[^\\n]*$`)),
      }),
    )
  })

  it('suggest the nearest name', () => {
    expect(() => trainingOptions({ method: 'cc-ibp' as never })).toThrow('choose preset cc-ibp')
    expect(() => trainingOptions({ method: 'robusta' as never })).toThrow(
      "unknown method 'robusta': did you mean 'robustra'?",
    )
    expect(() => trainingOptions({ epsilo: 1 } as never)).toThrow("did you mean 'epsilon'?")
    expect(() => trainingOptions({}, 'paper-mnist-0.2')).toThrow(
      /unknown preset 'paper-mnist-0.2': did you mean 'paper-mnist-0.[13]'\?/,
    )
    expect(() => trainingOptions({}, 'constructor')).toThrow("unknown preset 'constructor'")
  })

  it('say what was given instead of a number', () => {
    expect(() => trainingOptions({ epsilon: NaN })).toThrow(/NaN/)
  })
})
