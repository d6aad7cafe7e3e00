/** Local functions of an ONNX model: nodes that call them become the nodes that they are made of. */
import { badFile } from '../../base/errors.ts'
import { labelOf } from './call.ts'
import { MAX_NODES, type OnnxModel, isStandard } from './model.ts'
import type { AttributeProto, FunctionProto, GraphProto, NodeProto } from './schema.ts'

/** How deep functions may call functions. A function that calls itself would never end. */
const MAX_DEPTH = 32

/** @throws UserError if there are too many nodes, functions call themselves, or one is of another opset than the model */
export function inlineFunctions({ nodes, functions, opset }: OnnxModel): readonly NodeProto[] {
  if (functions.length === 0) return nodes
  const byName = new Map(functions.map((one) => [keyOf(one.domain, one.name, one.overload), one]))
  let [calls, count] = [0, 0]
  const expand = (list: readonly NodeProto[], depth: number): NodeProto[] =>
    list.flatMap((node) => expandNode(node, depth))
  const expandNode = (node: NodeProto, depth: number): NodeProto[] => {
    if (++count > MAX_NODES) throw badFile(`it has more than ${MAX_NODES} nodes, those of local functions included`)
    const called = byName.get(keyOf(node.domain, node.opType, node.overload))
    if (!called) {
      const attribute = node.attribute.map((one) =>
        one.g ? changed(one, { g: changed(one.g, { node: expand(one.g.node, depth) }) }) : one,
      )
      return [changed(node, { attribute })]
    }
    const own = called.opsetImport.find(({ domain }) => isStandard(domain))
    if (own && Number(own.version) !== opset) {
      throw badFile(
        `the local function '${called.name}' uses opset ${Number(own.version)}, the model ${opset}: use one`,
      )
    }
    const known = [...called.attribute, ...called.attributeProto.map(({ name }) => name)]
    const further = node.attribute.find(({ name }) => !known.includes(name))
    if (further || node.input.length > called.input.length || node.output.length > called.output.length) {
      throw badFile(`${labelOf(node)} calls the local function '${called.name}' with more than it has`)
    }
    if (depth === MAX_DEPTH) throw badFile(`the local function '${called.name}' lies too deep, or calls itself`)
    return expand(bodyOf(called, node, `${node.name || node.output[0]}/${calls++}/`), depth + 1)
  }
  return expand(nodes, 0)
}

const keyOf = (domain: string, name: string, overload: string): string => JSON.stringify([domain, name, overload])

/** The nodes of a function, with the names and attributes of one call; `prefix` sets its own names apart. */
function bodyOf(called: FunctionProto, call: NodeProto, prefix: string): NodeProto[] {
  const names = new Map<string, string>([['', '']])
  called.input.forEach((name, i) => names.set(name, call.input[i] ?? ''))
  called.output.forEach((name, i) => call.output[i] && names.set(name, call.output[i]))
  const rename = (name: string) => names.get(name) ?? prefix + name
  const attributes = new Map([...called.attributeProto, ...call.attribute].map((one) => [one.name, one]))
  const attributeOf = (one: AttributeProto): AttributeProto[] => {
    if (one.refAttrName !== '') {
      const given = attributes.get(one.refAttrName)
      return given ? [changed(given, { name: one.name })] : []
    }
    return [one.g ? changed(one, { g: graphOf(one.g) }) : one]
  }
  const nodeOf = (node: NodeProto): NodeProto =>
    changed(node, {
      name: prefix + (node.name || node.opType),
      input: node.input.map(rename),
      output: node.output.map(rename),
      attribute: node.attribute.flatMap(attributeOf),
    })
  const renamed = <T extends { readonly name: string }>(named: readonly T[]) =>
    named.map((one) => changed<{ readonly name: string }>(one, { name: rename(one.name) }) as T)
  const graphOf = (graph: GraphProto): GraphProto =>
    changed(graph, {
      node: graph.node.map(nodeOf),
      initializer: renamed(graph.initializer),
      input: renamed(graph.input),
      output: renamed(graph.output),
    })
  return called.node.map(nodeOf)
}

/** A copy with some fields changed. Those that a message does not have are its prototype's: it stays behind the copy. */
const changed = <T extends object>(message: T, change: Partial<T>): T =>
  Object.assign(Object.create(message) as T, change)
