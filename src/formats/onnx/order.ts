/** In which order the nodes of an ONNX graph run, and what each of them reads. */
import { badFile } from '../../base/errors.ts'
import { labelOf } from './call.ts'
import type { GraphProto, NodeProto } from './schema.ts'

/** Names that a node reads, those that its subgraphs take from outside included; '' for inputs that are left out. */
export const namesRead = (node: NodeProto): string[] => [
  ...node.input,
  ...node.attribute.flatMap(({ g }) => (g ? namesFromOutside(g) : [])),
]

function namesFromOutside({ node, initializer, input, output }: GraphProto): string[] {
  const own = new Set([...initializer, ...input].map(({ name }) => name))
  for (const { output: made } of node) for (const name of made) own.add(name)
  return [...node.flatMap(namesRead), ...output.map(({ name }) => name)].filter((name) => !own.has(name))
}

/**
 * The nodes that the outputs need, each after those whose outputs it reads.
 * @param isGiven whether a name is an input or an initialiser, or one of those around this graph
 * @throws UserError if a name is made twice or never, or the graph is cyclic
 */
export function sortNodes(
  nodes: readonly NodeProto[],
  outputs: readonly string[],
  isGiven: (name: string) => boolean,
): NodeProto[] {
  const makers = new Map<string, NodeProto>()
  for (const node of nodes) {
    for (const name of node.output) {
      if (name === '') continue
      if (makers.has(name) || isGiven(name)) throw badFile(`${labelOf(node)} makes '${name}', which exists already`)
      makers.set(name, node)
    }
  }
  const missing = outputs.find((name) => !makers.has(name) && !isGiven(name))
  if (missing !== undefined) throw badFile(`no node makes the output '${missing}'`)
  const sorted: NodeProto[] = []
  const state = new Map<NodeProto, 'open' | 'done'>()
  const open = outputs.flatMap((name) => makers.get(name) ?? []).toReversed()
  while (open.length > 0) {
    const node = open.at(-1)!
    if (state.has(node)) {
      open.pop()
      if (state.get(node) === 'open') sorted.push(node)
      state.set(node, 'done')
      continue
    }
    state.set(node, 'open')
    for (const name of namesRead(node).toReversed()) {
      const maker = makers.get(name)
      if (!maker) {
        if (name === '' || isGiven(name)) continue
        throw badFile(`${labelOf(node)} reads '${name}', which nothing makes`)
      }
      if (state.get(maker) === 'open') {
        throw badFile(`the graph is cyclic: ${labelOf(node)} reads '${name}', which is made from its own output`)
      }
      if (!state.has(maker)) open.push(maker)
    }
  }
  return sorted
}
