/**
 * TypeScript types of the kernels, made from their AssemblyScript sources: one method per exported function, one interface
 * per struct. Plain JavaScript: runs on any Node.
 */
import { readFileSync, readdirSync } from 'node:fs'

const WIDTH = 120

/** Types of numbers and flags; other types are pointers, and a struct's name is a pointer to it. */
const plain = { i32: 'Scalar', u32: 'Scalar', usize: 'Scalar', f32: 'Scalar', f64: 'Scalar', bool: 'boolean' }
const pointers = ['Blocks', 'Doubles', 'Floats', 'Integers']

/**
 * The text of src/device/wasm/kernels.generated.ts.
 * @param folder of the AssemblyScript sources, with a slash at the end
 */
export function kernelTypes(folder) {
  const files = readdirSync(folder).map((file) => readFileSync(folder + file, 'utf8'))
  const source = files.join('\n')
  const index = readFileSync(`${folder}index.ts`, 'utf8')
  const exported = [...index.matchAll(/export \{([^}]*)\}/g)].flatMap(([, names]) => names.match(/\w+/g))
  const structs = [...source.matchAll(/@unmanaged\n(?:export )?class (\w+) \{\n([^}]*)\}/g)].map(([, name, body]) => ({
    name,
    fields: membersOf(body.replaceAll(/\/\*\*.*?\*\//gs, '')),
  }))
  return `/** Made by scripts/build-kernels.mjs from src/device/wasm/assembly/, whose comments say more: do not edit. */
import type { Blocks, Doubles, Floats, Integers, Pointer, Scalar } from './pointers.ts'

/** The functions that assembly/index.ts exports. */
export interface Kernels {
${exported.map((name) => `  ${wrapped(name, parametersOf(source, name))}`).join('\n')}
}

/** The fields of the structs in memory. */
export interface Structs {
${structs.map(({ name, fields }) => structText(name, fields)).join('\n')}
}

/** In which order they lie, 4 bytes each. */
export const fieldsOf: { readonly [Name in keyof Structs]: readonly (keyof Structs[Name])[] } = {
${structs.map(({ name, fields }) => listText(name, fields)).join('\n')}
}
`
}

function parametersOf(source, name) {
  const found = source.match(new RegExp(`^export function ${name}\\(([^)]*)\\): void \\{`, 'm'))
  if (!found) throw new Error(`no exported function ${name}(…): void in the kernels' sources`)
  return membersOf(found[1])
}

const membersOf = (text) => [...text.matchAll(/(\w+): (\w+)/g)].map(([, name, type]) => `${name}: ${typeOf(type)}`)

const typeOf = (type) => plain[type] ?? (pointers.includes(type) ? type : `Pointer<'${type}'>`)

/** A method, on one line if it fits, as oxfmt has it. */
function wrapped(name, parameters) {
  const line = `${name}(${parameters.join(', ')}): void`
  if (line.length + 2 <= WIDTH) return line
  return `${name}(\n${parameters.map((parameter) => `    ${parameter},\n`).join('')}  ): void`
}

const structText = (name, fields) =>
  `  readonly ${name}: {\n${fields.map((field) => `    readonly ${field}\n`).join('')}  }`

function listText(name, fields) {
  const names = fields.map((field) => `'${field.split(':')[0]}'`)
  const line = `  ${name}: [${names.join(', ')}],`
  return line.length <= WIDTH ? line : `  ${name}: [\n${names.map((field) => `    ${field},\n`).join('')}  ],`
}
