/** The architecture that a run trains: its text and what it is for. */
import { UserError } from '../base/errors.ts'
import { architectureOf, trainableArchitecture } from '../model/architectures.ts'
import type { Images } from '../model/layer-items.ts'
import { formatShape } from '../model/layers.ts'
import { type Architecture, countClasses, countHiddenUnits } from '../model/network.ts'

/**
 * @param text a known name, or layers
 * @param of what the images are called
 * @throws UserError if it is not for such images, or none that can be trained
 */
export function trainedArchitecture(text: string, images: Images, of: string): Architecture {
  const architecture = trainableArchitecture(text, images)
  requireFit(architecture, images, of)
  return architecture
}

function requireFit(architecture: Architecture, { input, classes }: Images, of: string): void {
  const expected = architecture.input
  if (formatShape(expected) === formatShape(input) && countClasses(architecture) === classes) return
  throw new UserError(
    `${architecture.name} takes ${formatShape(expected)} images of ${countClasses(architecture)} classes, but ${of} ` +
      `has ${formatShape(input)} of ${classes}: choose another architecture or data set`,
  )
}

/** Taken for images that nobody has seen yet. */
const usual: Images = { input: { channels: 3, height: 32, width: 32 }, classes: 10 }

/** Networks like Large and ResNet, whose bounds the paper estimates in training. What is no architecture is none of them. */
export function isLarge(text: string, images: Images = usual): boolean {
  try {
    return countHiddenUnits(architectureOf(text, images)) > 10_000
  } catch {
    return false
  }
}
