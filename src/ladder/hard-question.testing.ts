/** A question that nothing decides soon: random weights and a wide box. */
import { Random } from '../base/random.ts'
import { type Graph, evaluateGraph, graphOf } from '../model/graph.ts'
import { initialise } from '../model/initialise.ts'
import { classificationQuestion } from '../region/image-question.ts'
import type { Question } from '../region/question.ts'

const INPUTS = 24

/** Two classes, and a box in which no attack finds the other one, while relaxations are far from a proof. */
export function hardQuestion(): { graph: Graph; question: Question } {
  const layers = [80, 80, 80, 80].flatMap((outFeatures) => [
    { kind: 'linear', outFeatures } as const,
    { kind: 'relu' } as const,
  ])
  const graph = graphOf(
    initialise(
      {
        name: 'hard',
        input: { channels: INPUTS, height: 1, width: 1 },
        layers: [...layers, { kind: 'linear', outFeatures: 2 }],
      },
      1,
    ),
  )
  const lower = new Float64Array(INPUTS).fill(-1)
  const upper = new Float64Array(INPUTS).fill(1)
  const question = classificationQuestion({ lower, upper }, 0, 2)
  const random = new Random(1, 'hard')
  const margins = Array.from({ length: 2000 }, () => {
    const [a, b] = evaluateGraph(
      graph,
      lower.map((l, i) => random.between(l, upper[i])),
    ).at(-1)! as unknown as number[]
    return a! - b!
  })
  // four times as far as samples reach: hardly reached by anything, and not soon proved
  const middle = margins.reduce((sum, margin) => sum + margin, 0) / margins.length
  const bound = middle - 4 * (middle - Math.min(...margins))
  return { graph, question: { ...question, unsafe: [[{ ...question.unsafe[0][0], bound }]] } }
}
