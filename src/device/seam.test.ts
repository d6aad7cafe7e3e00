/** Nothing above this folder sees the memory of the WebAssembly engine: everything asks a device for passes. */
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { type Sources, importsOf, readSources } from '../imports.testing.ts'

/** What others may import of wasm/: making engines, and the float64 passes of the exact search. */
const entrances = [
  ...['engine', 'engines', 'backward-rows', 'forms', 'sweep-batch', 'swept-system'].map((name) => `${name}.ts`),
  // loops in float64 that other tests hold results against, too
  'oracle.testing.ts',
]

/** Views of the whole memory, places in it, and the kernels that work on them: by a dot, or taken apart. */
const words = ['f32', 'f64', 'i32', 'pointer', 'kernels'].join('|')
const memory = [new RegExp(`(?<!\\.\\.)\\.(?:${words})\\b`), new RegExp(`\\{[^{}]*\\b(?:${words})\\b[^{}]*\\} = `)]

const above = (sources: Sources): Sources => new Map([...sources].filter(([path]) => !path.startsWith('device/')))

function violations(sources: Sources): string[] {
  const inside = importsOf(sources)
    .filter(({ to }) => to.startsWith('device/wasm/') && !entrances.includes(to.slice('device/wasm/'.length)))
    .map(({ from, to }) => `${from} imports ${to}`)
  const seen = [...sources].flatMap(([path, source]) =>
    source.split('\n').flatMap((line, i) => {
      if (/^\s*(?:\*|\/\/|\/\*)/.test(line)) return []
      return memory.some((pattern) => pattern.test(line)) ? [`${path}:${i + 1} sees memory: ${line.trim()}`] : []
    }),
  )
  return [...inside, ...seen]
}

test('nothing above device/ sees its memory, or imports what does', () => {
  expect(violations(above(readSources(fileURLToPath(new URL('..', import.meta.url)))))).toEqual([])
})

test('catches whatever looks inside', () => {
  const wrong = {
    'bounds/a.ts': "import { none } from '../device/wasm/pointers.ts'",
    'bounds/b.ts': 'const { f32 } = engine',
    'bounds/c.ts': 'engine.f32[0] = 1',
    'bounds/d.ts': 'engine.kernels.relu(4, x, y)',
    'bounds/e.ts': 'const at = x.pointer',
    'bounds/f.ts': 'const { engine, kernels } = loaded',
  }
  expect(violations(new Map(Object.entries(wrong)))).toHaveLength(Object.keys(wrong).length)
  const right = "import { Engine } from '../device/wasm/engine.ts'\n/** No kernels, no x.pointer. */\nx.view()[0] = 1"
  expect(violations(new Map([['bounds/a.ts', right]]))).toEqual([])
})
