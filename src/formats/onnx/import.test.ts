/** Files of models. */
import { expect, test } from 'vitest'
import { parseNetwork } from './import.ts'
import { drawn, floats } from './model.testing.ts'
import { simpleWith } from './refused.testing.ts'

test('a file of very many tiny parts is refused before they fill the memory', () => {
  // A graph of empty nodes, two bytes each.
  const size = 2 ** 24
  const length = [0, 7, 14, 21, 28].map((shift) => ((size >> shift) & 127) | (shift < 28 ? 128 : 0))
  const bytes = Buffer.concat([Buffer.of(0x3a, ...length), Buffer.alloc(size, Buffer.of(0x0a, 0))])
  expect(() => parseNetwork(bytes, 'some.onnx')).toThrow('more than 4194304 parts')
})

test('NaN in weights that the output does not need is no matter', () => {
  const { graph } = parseNetwork(
    simpleWith({ initialisers: [drawn('w', [4, 3]), floats('v', [1], [Number.NaN])] }),
    'a.onnx',
  )
  expect(graph.nodes).toHaveLength(2)
})
