/** The paper's architectures (Table 1), by name. */
import { unknownName } from '../base/errors.ts'
import type { Layer } from './layers.ts'
import type { Architecture } from './network.ts'

const convolution = (outChannels: number, kernel: number, stride: number, padding: number) => ({
  kind: 'convolution' as const,
  outChannels,
  kernel,
  stride,
  padding,
})
const linear = (outFeatures: number): Layer => ({ kind: 'linear', outFeatures })
const relu: Layer = { kind: 'relu' }
const flatten: Layer = { kind: 'flatten' }

/** The paper's normalisation of colours as first layer, so that ε stays in pixels. */
const normaliseColours: readonly Layer[] = [
  { kind: 'normalise', mean: [0.485, 0.456, 0.406], deviation: [0.225, 0.225, 0.225] },
]

/** Conv 16 (4×4, stride 2, pad 1), conv 32 (the same), fc 100, fc 10: "Small" of Wong et al. (2018). */
const small: readonly Layer[] = [
  convolution(16, 4, 2, 1),
  relu,
  convolution(32, 4, 2, 1),
  relu,
  flatten,
  linear(100),
  relu,
  linear(10),
]

/**
 * Conv 32 (3×3), conv 32 (4×4, stride 2), conv 64 (3×3), conv 64 (4×4, stride 2), all of padding 1, fc 512, 512, 10:
 * "Large" of Wong et al. (2018). On MNIST it has the parameters that Table 1 says but 48,064 hidden units, not the
 * 28,064 that are printed there: its first layer alone has 25,088.
 */
const large: readonly Layer[] = [
  convolution(32, 3, 1, 1),
  relu,
  convolution(32, 4, 2, 1),
  relu,
  convolution(64, 3, 1, 1),
  relu,
  convolution(64, 4, 2, 1),
  relu,
  flatten,
  linear(512),
  relu,
  linear(512),
  relu,
  linear(10),
]

/**
 * ReLU(conv b(ReLU(conv a(x))) + conv skip(x)), x being the output of the layer before the block, of index `before`:
 * without downsampling, conv a is 3×3 and conv skip 1×1; with it, 4×4 and 2×2 of stride 2. conv b is 3×3.
 */
function residualBlock(before: number, channels: number, downsample: boolean): Layer[] {
  const [a, skip] = downsample
    ? [convolution(channels, 4, 2, 1), convolution(channels, 2, 2, 0)]
    : [convolution(channels, 3, 1, 1), convolution(channels, 1, 1, 0)]
  return [a, relu, convolution(channels, 3, 1, 1), { ...skip, from: before }, { kind: 'add', other: before + 3 }, relu]
}

/** Conv 16 (3×3), residual blocks of 16, 16, 32 and 64 channels, fc 1000, fc 10: "ResNet" of Wong et al. (2018). */
function resNet(): Layer[] {
  const layers = [...normaliseColours, convolution(16, 3, 1, 1), relu]
  for (const channels of [16, 16, 32, 64]) layers.push(...residualBlock(layers.length - 1, channels, channels > 16))
  return [...layers, flatten, linear(1000), relu, linear(10)]
}

const onMnist = (name: string, layers: readonly Layer[]): Architecture => ({
  name,
  input: { channels: 1, height: 28, width: 28 },
  layers,
})

const onCifar10 = (name: string, layers: readonly Layer[]): Architecture => ({
  name,
  input: { channels: 3, height: 32, width: 32 },
  layers,
})

const architectures: readonly Architecture[] = [
  onMnist('mnist-small', small),
  onMnist('mnist-large', large),
  onCifar10('cifar10-small', [...normaliseColours, ...small]),
  onCifar10('cifar10-large', [...normaliseColours, ...large]),
  onCifar10('cifar10-resnet', resNet()),
]

export const architectureNames: readonly string[] = architectures.map((a) => a.name)

/** The architecture of that name. @throws UserError with the nearest name if there is none */
export function architectureNamed(name: string): Architecture {
  const found = architectures.find((a) => a.name === name)
  if (!found) throw unknownName('architecture', name, architectureNames)
  return found
}
