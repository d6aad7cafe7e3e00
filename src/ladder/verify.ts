/**
 * One network and one property, decided with settings that suit most: is there an input that the property allows, whose
 * outputs it forbids? Sound and complete as verify-question.ts says.
 */
import { type Property, checkProperty } from '../formats/vnnlib/property.ts'
import { checkGraph, checkImage, checkParameters } from '../model/checked.ts'
import { type Graph, graphOf } from '../model/graph.ts'
import { sizeOf } from '../model/layers.ts'
import { type Network, countClasses } from '../model/network.ts'
import { type BallOptions, requireBall } from '../region/ball.ts'
import { imageQuestion } from '../region/image-question.ts'
import type { Outcome, Question } from '../region/question.ts'
import { type PropertyResult, verifyProperty } from './verify-property.ts'
import { type VerifyOptions, verifyQuestion } from './verify-question.ts'

/**
 * @param network layers of ours, or a graph, as `parseNetwork` reads it from ONNX
 * @param property what `parseProperty` reads from VNN-LIB, or a question such as `robustnessQuestion` asks
 * @param options by default 60 seconds, seed 0
 * @returns 'robust' with a proved margin (Infinity if no input can meet the property, whatever the network), 'vulnerable'
 *   with a counterexample, or 'undecided' with what is proved, and why
 * @throws UserError for a property of another network, weights that are not finite, or options that make no sense
 */
export async function verify(
  network: Network | Graph,
  property: Property | Question,
  options: Partial<VerifyOptions> = {},
): Promise<Outcome> {
  if ('parameters' in network) checkParameters(network)
  const graph = 'parameters' in network ? graphOf(network) : network
  checkGraph(graph)
  const settings = { timeout: 60, seed: 0, ...options }
  if (!('regions' in property)) return verifyQuestion(graph, property, settings)
  checkProperty(graph, property)
  const ask = (part: Graph, question: Question, { timeout }: { readonly timeout: number }) =>
    verifyQuestion(part, question, { ...settings, timeout })
  return outcomeOf(await verifyProperty(graph, property, ask, settings))
}

/**
 * Whether anything in the ball around an image gets another class than its label.
 * @param image pixels in [0, 1], [channel][y][x]
 * @throws UserError for a ball or a label that cannot be, an image of another size, and a pixel that is not finite or outside
 *   the domain
 */
export function robustnessQuestion(
  { architecture }: Network,
  image: Float32Array,
  label: number,
  ball: BallOptions,
): Question {
  checkImage(image, sizeOf(architecture.input))
  return imageQuestion(image, label, countClasses(architecture), requireBall(ball, image.length))
}

function outcomeOf({ method = 'interval', ...result }: PropertyResult): Outcome {
  const { bound, reason, counterexample } = result
  if (counterexample) {
    const { point, outputs } = counterexample
    return { verdict: 'vulnerable', method, point, outputs }
  }
  if (reason === undefined) return { verdict: 'robust', method, margin: bound ?? Infinity }
  return { verdict: 'undecided', bound: bound ?? -Infinity, reason }
}
