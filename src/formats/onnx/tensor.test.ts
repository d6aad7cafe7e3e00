/** Constants of every type. */
import { expect, test } from 'vitest'
import { evaluateGraph } from '../../model/graph.ts'
import { parseNetwork } from './import.ts'
import { bytesOf, expectAsOracle, node } from './model.testing.ts'
import { BFLOAT16, BOOL, FLOAT, FLOAT16, INT16, INT32, UINT16, UINT32, UINT64, UINT8 } from './schema.ts'

test('constants of all types, in either field, are what they are', async () => {
  const bits = (name: string, dataType: number, raw: Uint8Array, field: readonly number[]) => [
    { name: `${name}Raw`, dims: [3], dataType, rawData: raw },
    {
      name,
      dims: [3],
      dataType,
      ...([UINT32, UINT64].includes(dataType) ? { uint64Data: field } : { int32Data: field }),
    },
  ]
  const half = Uint16Array.of(0x3c00, 0xc248, 0x0001)
  const brain = Uint16Array.of(0x3f80, 0xc049, 0x7f00)
  const tensors = [
    ...bits('half', FLOAT16, new Uint8Array(half.buffer), [...half]),
    ...bits('brain', BFLOAT16, new Uint8Array(brain.buffer), [...brain]),
    ...bits('u8', UINT8, Uint8Array.of(0, 200, 255), [0, 200, 255]),
    ...bits('i16', INT16, new Uint8Array(Int16Array.of(-32768, 5, 32767).buffer), [-32768, 5, 32767]),
    ...bits('u16', UINT16, new Uint8Array(Uint16Array.of(0, 5, 65535).buffer), [0, 5, 65535]),
    ...bits('i32', INT32, new Uint8Array(Int32Array.of(-7, 5, 2 ** 30).buffer), [-7, 5, 2 ** 30]),
    ...bits('u32', UINT32, new Uint8Array(Uint32Array.of(0, 5, 2 ** 31).buffer), [0, 5, 2 ** 31]),
    ...bits('u64', UINT64, new Uint8Array(BigUint64Array.of(0n, 5n, 2n ** 40n).buffer), [0, 5, 2 ** 40]),
    ...bits('bool', BOOL, Uint8Array.of(0, 1, 1), [0, 1, 1]),
  ]
  const nodes = [
    ...tensors.map(({ name }) => node('Cast', name, `${name}F`, { to: FLOAT })),
    ...tensors.map(({ name }) => node('Add', `x ${name}F`, `${name}X`)),
    node('Concat', tensors.map(({ name }) => `${name}X`).join(' '), 'y', { axis: 0 }),
  ]
  const { graph } = parseNetwork(bytesOf({ input: [3], nodes, initialisers: tensors }), 'test.onnx')
  const made = evaluateGraph(graph, [0, 0, 0]).at(-1)!
  for (let i = 0; i < tensors.length; i += 2) {
    expect([...made.subarray(3 * i, 3 * i + 3)], tensors[i].name).toEqual([...made.subarray(3 * i + 3, 3 * i + 6)])
  }
  // ONNX Runtime does not cast the second one on every machine
  expect([...made.subarray(0, 12)]).toEqual([
    1,
    -3.140625,
    2 ** -24,
    1,
    -3.140625,
    2 ** -24,
    ...[1, -3.140625, 2 ** 127],
    ...[1, -3.140625, 2 ** 127],
  ])
  const known = tensors.filter(({ dataType }) => dataType !== BFLOAT16)
  const join = node('Concat', known.map(({ name }) => `${name}X`).join(' '), 'y', { axis: 0 })
  const used = nodes.filter(
    ({ input, output }) => output![0] !== 'y' && !input!.some((name) => name.startsWith('brain')),
  )
  const compared = bytesOf({ input: [3], nodes: [...used, join], initialisers: known })
  await expectAsOracle(parseNetwork(compared, 'test.onnx').graph, compared, [3])
})
