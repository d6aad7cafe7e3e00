/**
 * The known architectures, by name, and any other by its layers.
 *
 * The paper's five (Table 1) fix what they take; the others take it from the data. `cifar10-…` begin with the paper's
 * normalisation of colours, so that ε stays in pixels.
 */
import { UserError, unknownName } from '../base/errors.ts'
import { type Images, parseLayers, requireTrainable } from './layer-items.ts'
import { formatShape } from './layers.ts'
import { LayerError, layerWords, parseItems } from './layer-text.ts'
import { type Architecture, countClasses, countParameters } from './network.ts'
import { printLayers } from './print-layers.ts'

const colours = 'normalise 0.485 0.456 0.406 / 0.225 0.225 0.225, '

/** "Small" of Wong et al. (2018). */
const small = 'conv 16 4 2 1, relu, conv 32 4 2 1, relu, linear 100, relu, linear'

/**
 * "Large" of Wong et al. (2018). On MNIST it has the parameters that Table 1 says but 48,064 hidden units, not the 28,064
 * that are printed there: its first layer alone has 25,088.
 */
const large =
  'conv 32 3 1 1, relu, conv 32 4 2 1, relu, conv 64 3 1 1, relu, conv 64 4 2 1, relu, ' +
  'linear 512, relu, linear 512, relu, linear'

/** "ResNet" of Wong et al. (2018). */
const resnet =
  'conv 16 3 1 1, relu, (conv 16 3 1 1, relu, conv 16 3 1 1 + conv 16 1), relu, ' +
  '(conv 16 3 1 1, relu, conv 16 3 1 1 + conv 16 1), relu, (conv 32 4 2 1, relu, conv 32 3 1 1 + conv 32 2 2), relu, ' +
  '(conv 64 4 2 1, relu, conv 64 3 1 1 + conv 64 2 2), relu, linear 1000, relu, linear'

/** The models of Gowal et al. (2018) as CROWN-IBP has them (Zhang et al. 2020): convolutions of Small and Medium do not pad. */
const dmSmall = 'conv 16 4 2, relu, conv 32 4, relu, linear 100, relu, linear'
const dmMedium =
  'conv 32 3, relu, conv 32 4 2, relu, conv 64 3, relu, conv 64 4 2, relu, linear 512, relu, linear 512, relu, linear'
const dmLarge =
  'conv 64 3 1 1, relu, conv 64 3 1 1, relu, conv 128 3 2 1, relu, conv 128 3 1 1, relu, conv 128 3 1 1, relu, ' +
  'linear 512, relu, linear'

/** The network that certified training is compared on since Shi et al. (2021): DM-Large with batch normalisation. */
const cnn7 = dmLarge.replaceAll(', relu', ', batch norm, relu')

/** For images of any size and number of classes. */
const open: Readonly<Record<string, string>> = {
  ...{ small, large, resnet, 'cnn-7': cnn7 },
  ...{ 'dm-small': dmSmall, 'dm-medium': dmMedium, 'dm-large': dmLarge },
}

const mnist: Images = { input: { channels: 1, height: 28, width: 28 }, classes: 10 }
const cifar10: Images = { input: { channels: 3, height: 32, width: 32 }, classes: 10 }

const fixed: readonly Architecture[] = [
  { name: 'mnist-small', input: mnist.input, layers: parseLayers(small, mnist) },
  { name: 'mnist-large', input: mnist.input, layers: parseLayers(large, mnist) },
  { name: 'cifar10-small', input: cifar10.input, layers: parseLayers(colours + small, cifar10) },
  { name: 'cifar10-large', input: cifar10.input, layers: parseLayers(colours + large, cifar10) },
  { name: 'cifar10-resnet', input: cifar10.input, layers: parseLayers(colours + resnet, cifar10) },
]

/** Architectures that fix what they take. */
export const fixedArchitectures: readonly string[] = fixed.map(({ name }) => name)

/** All names; of MLPs, mlp-DEPTHxWIDTH, only one. */
export const architectureNames: readonly string[] = [...fixedArchitectures, ...Object.keys(open), 'mlp-2x100', 'auto']

const MOST_PARAMETERS = 2 ** 30

/**
 * The architecture that a text says: a known name, or layers, such as `conv 16 4 2 1, relu, linear`, with a name of their
 * own before them or not, as in `mine: conv 16 4 2 1, relu, linear`. `auto` is Small for images; for tables, and images of
 * few pixels, it is an MLP.
 * @param images what it takes and tells apart; architectures that fix this themselves do not need it
 * @throws UserError for a name that is not known; LayerError for layers that do not fit
 */
export function architectureOf(text: string, images?: Images): Architecture {
  const words = text.trim()
  const found = fixed.find(({ name }) => name === words)
  if (found) return found
  const { name, layers } = split(words, images)
  if (!images) throw new UserError(`architecture ${name} takes its input from the data: say of what shape they are`)
  const architecture = { name, input: images.input, layers: parseLayers(layers, images) }
  const parameters = countParameters(architecture)
  if (parameters <= MOST_PARAMETERS) return architecture
  throw new UserError(`architecture ${name} has ${parameters} parameters: it must have at most ${MOST_PARAMETERS}`)
}

/** The same, and that it can be trained. @throws UserError as `architectureOf`, and for layers that stand in the way */
export function trainableArchitecture(text: string, images: Images): Architecture {
  const architecture = architectureOf(text, images)
  const words = text.trim()
  if (!fixedArchitectures.includes(words)) requireTrainable(split(words, images).layers, images)
  return architecture
}

/** Checks what can be checked before the images are known. @throws UserError as `architectureOf` */
export function requireWritten(text: string): void {
  const words = text.trim()
  if (!fixedArchitectures.includes(words)) parseItems(split(words, undefined).layers)
}

/** The architecture of that name. @throws UserError with the nearest name if there is none */
export const architectureNamed = (name: string): Architecture => architectureOf(name)

/** The text from which `architectureOf` makes the architecture for the same images. */
export function architectureText(architecture: Architecture): string {
  const { name } = architecture
  if (isTheKnown(architecture)) return name
  const layers = printLayers(architecture)
  const own = name.replaceAll(/[:,()+]/g, '-').trim()
  return isKnown(own) || own === unnamed || own === '' ? layers : `${own}: ${layers}`
}

/** Whether it is the known one of its name, and not somebody's that is called so, too. */
function isTheKnown(architecture: Architecture): boolean {
  const { name, input } = architecture
  if (!isKnown(name)) return false
  const classes = countClasses(architecture)
  try {
    const known = architectureOf(name, { input, classes })
    const isForThem = formatShape(known.input) === formatShape(input) && countClasses(known) === classes
    return isForThem && printLayers(known) === printLayers(architecture)
  } catch (error) {
    if (error instanceof LayerError) return false
    throw error
  }
}

/** What architectures are called that nobody has named. */
const unnamed = 'own'

/** Whether nobody else may call an architecture so. */
export const isKnown = (name: string): boolean => architectureNames.includes(name) || mlpOf(name) !== undefined

/** The name and the layers that a text says. */
function split(text: string, images: Images | undefined): { readonly name: string; readonly layers: string } {
  if (text === 'auto') {
    const isSmall = images && Math.min(images.input.height, images.input.width) < 4
    return split(isSmall ? 'mlp-2x100' : 'small', images)
  }
  const known = Object.hasOwn(open, text) ? open[text] : mlpOf(text)
  if (known !== undefined) return { name: text, layers: known }
  if (/^[\w.-]+$/.test(text) && !layerWords.includes(text)) throw unknownName('architecture', text, architectureNames)
  const [, own = unnamed, layers] = /^(?:([^:,()+]+):)?(.*)$/s.exec(text)!
  const name = own.trim()
  if (!isKnown(name)) return { name, layers }
  throw new UserError(`'${name}' is a known architecture: give your layers another name`)
}

/** The layers of mlp-DEPTHxWIDTH: so many hidden layers of so many units. */
function mlpOf(name: string): string | undefined {
  const [, depth, width] = /^mlp-([1-9]\d?)x([1-9]\d{0,5})$/.exec(name) ?? []
  return depth && `linear ${width}, relu, `.repeat(Number(depth)) + 'linear'
}
