/**
 * The part of the ONNX file format that networks need, as protocol buffers: https://onnx.ai/onnx/repo-docs/IR.html.
 * Fields that are not named here are skipped when a file is read.
 */
import protobuf from 'protobufjs/light.js'

/** 64-bit integers are read as objects that can hold them all. */
export type Int64 = number | { toNumber(): number }

export interface ModelProto {
  readonly irVersion: Int64
  readonly producerName: string
  readonly graph: GraphProto | null
  readonly opsetImport: readonly { readonly domain: string; readonly version: Int64 }[]
  readonly metadataProps: readonly Text[]
  readonly functions: readonly FunctionProto[]
}

/** A local function: nodes that a node of its name and domain stands for. */
export interface FunctionProto {
  readonly name: string
  readonly domain: string
  readonly overload: string
  readonly input: readonly string[]
  readonly output: readonly string[]
  /** Attributes without and with a default. */
  readonly attribute: readonly string[]
  readonly attributeProto: readonly AttributeProto[]
  readonly node: readonly NodeProto[]
  readonly opsetImport: readonly { readonly domain: string; readonly version: Int64 }[]
}

export interface GraphProto {
  readonly name: string
  readonly node: readonly NodeProto[]
  readonly initializer: readonly TensorProto[]
  readonly sparseInitializer: readonly unknown[]
  readonly input: readonly ValueProto[]
  readonly output: readonly ValueProto[]
}

export interface NodeProto {
  readonly name: string
  readonly opType: string
  readonly domain: string
  readonly overload: string
  readonly input: readonly string[]
  readonly output: readonly string[]
  readonly attribute: readonly AttributeProto[]
}

export interface AttributeProto {
  readonly name: string
  readonly type: number
  readonly f: number
  readonly i: Int64
  readonly s: Uint8Array
  readonly t: TensorProto | null
  readonly g: GraphProto | null
  readonly floats: readonly number[]
  readonly ints: readonly Int64[]
  /** In a local function: the name of the caller's attribute that this one takes its value from. */
  readonly refAttrName: string
}

export interface TensorProto {
  readonly name: string
  readonly dims: readonly Int64[]
  readonly dataType: number
  readonly floatData: readonly number[]
  readonly int32Data: readonly number[]
  readonly int64Data: readonly Int64[]
  readonly doubleData: readonly number[]
  readonly uint64Data: readonly Int64[]
  readonly rawData: Uint8Array
  readonly externalData: readonly Text[]
  readonly dataLocation: number
}

export interface ValueProto {
  readonly name: string
  readonly type: {
    readonly tensorType: {
      readonly elemType: number
      readonly shape: { readonly dim: readonly { readonly dimValue: Int64; readonly dimParam: string }[] } | null
    } | null
  } | null
}

interface Text {
  readonly key: string
  readonly value: string
}

/** Codes of `dataType` and `elemType`. */
export const FLOAT = 1
export const UINT8 = 2
export const INT8 = 3
export const UINT16 = 4
export const INT16 = 5
export const INT32 = 6
export const INT64 = 7
export const BOOL = 9
export const FLOAT16 = 10
export const DOUBLE = 11
export const UINT32 = 12
export const UINT64 = 13
export const BFLOAT16 = 16
/** The code of `dataLocation` for tensors in files of their own. */
export const EXTERNAL = 1

/** Codes of an attribute's `type`, by the field that holds its value. */
export const attributeTypes = { f: 1, i: 2, s: 3, t: 4, g: 5, floats: 6, ints: 7 } as const

type Fields = Record<string, [id: number, type: string, repeated?: 'repeated' | 'packed']>

const message = (fields: Fields): protobuf.IType => ({
  fields: Object.fromEntries(
    Object.entries(fields).map(([name, [id, type, repeated]]) => [
      name,
      { id, type, ...(repeated && { rule: 'repeated', options: { packed: repeated === 'packed' } }) },
    ]),
  ),
})

const root = protobuf.Root.fromJSON({
  nested: {
    Model: message({
      irVersion: [1, 'int64'],
      producerName: [2, 'string'],
      graph: [7, 'Graph'],
      opsetImport: [8, 'Opset', 'repeated'],
      metadataProps: [14, 'Text', 'repeated'],
      functions: [25, 'Function', 'repeated'],
    }),
    Function: message({
      name: [1, 'string'],
      input: [4, 'string', 'repeated'],
      output: [5, 'string', 'repeated'],
      attribute: [6, 'string', 'repeated'],
      node: [7, 'Node', 'repeated'],
      opsetImport: [9, 'Opset', 'repeated'],
      domain: [10, 'string'],
      attributeProto: [11, 'Attribute', 'repeated'],
      overload: [13, 'string'],
    }),
    Opset: message({ domain: [1, 'string'], version: [2, 'int64'] }),
    Text: message({ key: [1, 'string'], value: [2, 'string'] }),
    Graph: message({
      node: [1, 'Node', 'repeated'],
      name: [2, 'string'],
      initializer: [5, 'Tensor', 'repeated'],
      input: [11, 'Value', 'repeated'],
      output: [12, 'Value', 'repeated'],
      sparseInitializer: [15, 'SparseTensor', 'repeated'],
    }),
    Node: message({
      input: [1, 'string', 'repeated'],
      output: [2, 'string', 'repeated'],
      name: [3, 'string'],
      opType: [4, 'string'],
      attribute: [5, 'Attribute', 'repeated'],
      domain: [7, 'string'],
      overload: [8, 'string'],
    }),
    Attribute: message({
      name: [1, 'string'],
      f: [2, 'float'],
      i: [3, 'int64'],
      s: [4, 'bytes'],
      t: [5, 'Tensor'],
      g: [6, 'Graph'],
      floats: [7, 'float', 'repeated'],
      ints: [8, 'int64', 'repeated'],
      type: [20, 'int32'],
      refAttrName: [21, 'string'],
    }),
    Tensor: message({
      dims: [1, 'int64', 'repeated'],
      dataType: [2, 'int32'],
      floatData: [4, 'float', 'packed'],
      int32Data: [5, 'int32', 'packed'],
      int64Data: [7, 'int64', 'packed'],
      name: [8, 'string'],
      rawData: [9, 'bytes'],
      doubleData: [10, 'double', 'packed'],
      uint64Data: [11, 'uint64', 'packed'],
      externalData: [13, 'Text', 'repeated'],
      dataLocation: [14, 'int32'],
    }),
    SparseTensor: message({}),
    Value: message({ name: [1, 'string'], type: [2, 'Type'] }),
    Type: message({ tensorType: [1, 'TensorType'] }),
    TensorType: message({ elemType: [1, 'int32'], shape: [2, 'Shape'] }),
    Shape: message({ dim: [1, 'Dimension', 'repeated'] }),
    Dimension: message({ dimValue: [1, 'int64'], dimParam: [2, 'string'] }),
  },
})
const Model = root.lookupType('Model')

root.resolveAll()

/** Fields and whole numbers in a file; decoded, each takes many times the two bytes that it may have there. */
const MAX_PARTS = 2 ** 22

/** @throws an error of the decoder's if these are not the bytes of such a message; fields not given have defaults */
export function decodeModel(bytes: Uint8Array): ModelProto {
  const parts = countParts(protobuf.Reader.create(bytes), Model, bytes.length)
  if (parts > MAX_PARTS) throw new RangeError(`more than ${MAX_PARTS} parts`)
  return Model.decode(bytes) as unknown as ModelProto
}

function countParts(reader: protobuf.Reader, type: protobuf.Type, end: number): number {
  let parts = 0
  while (reader.pos < end && parts <= MAX_PARTS) {
    const tag = reader.uint32()
    const field = type.fieldsById[tag >>> 3]
    parts++
    if (field && (tag & 7) === LENGTH_DELIMITED) {
      const length = reader.uint32()
      if (field.resolvedType instanceof protobuf.Type) {
        parts += countParts(reader, field.resolvedType, reader.pos + length)
        continue
      }
      if (field.type.includes('int')) parts += length
      reader.skip(length)
    } else reader.skipType(tag & 7)
  }
  return parts
}
const LENGTH_DELIMITED = 2

/** A message with some of its fields, and of the messages in it. */
export type Partially<T> = T extends Uint8Array
  ? T
  : T extends readonly (infer Element)[]
    ? readonly Partially<Element>[]
    : T extends object
      ? { readonly [Key in keyof T]?: Partially<T[Key]> }
      : T

export const encodeModel = (model: Partially<ModelProto>): Uint8Array => Model.encode(model).finish()
