/** The state dictionary of one network in whatever a program has saved: checkpoints hold it among other things. */
import { badFile } from '../base/errors.ts'
import { TorchTensor } from './pytorch-objects.ts'

/** Where programs keep it. */
const keys = ['state_dict', 'model_state_dict', 'model', 'net', 'network', 'module', 'weights', 'params']
/** What wrappers put before all names. */
const prefixes = ['module.', '_orig_mod.', 'model.']
/** How deep it may lie: what is saved may hold itself. */
const DEPTH = 5

/**
 * @param path the file, for messages
 * @returns its tensors by name, in their order
 * @throws UserError naming the file if there is none, or more than one
 */
export function stateDictionary(saved: unknown, path: string): Map<string, TorchTensor> {
  const found = find(saved, path, new Set())
  if (!found) throw badFile(`${path} holds ${described(saved)}, not a state dictionary: save model.state_dict()`)
  return withoutPrefix(found)
}

/** @param seen what has been looked at: small files can hold one thing in very many places */
function find(value: unknown, path: string, seen: Set<unknown>, depth = DEPTH): Map<string, TorchTensor> | undefined {
  if (depth === 0 || seen.has(value)) return undefined
  seen.add(value)
  if (Array.isArray(value)) {
    const [first, ...others] = value.flatMap((one: unknown) => find(one, path, seen, depth - 1) ?? [])
    if (others.length > 0)
      throw badFile(`${path} holds ${others.length + 1} state dictionaries, one after another: save one of them alone`)
    return first
  }
  if (!(value instanceof Map)) return undefined
  for (const key of keys) {
    const inside = find(value.get(key), path, seen, depth - 1)
    if (inside) return inside
  }
  const tensors = [...(value as Map<unknown, unknown>)].filter(
    (entry): entry is [string, TorchTensor] => typeof entry[0] === 'string' && entry[1] instanceof TorchTensor,
  )
  return tensors.length > 0 ? new Map(tensors) : undefined
}

function withoutPrefix(tensors: Map<string, TorchTensor>): Map<string, TorchTensor> {
  const names = [...tensors.keys()]
  const prefix = prefixes.find((start) => names.every((name) => name.startsWith(start)))
  if (prefix === undefined) return tensors
  return withoutPrefix(new Map([...tensors].map(([name, tensor]) => [name.slice(prefix.length), tensor])))
}

function described(value: unknown): string {
  if (value instanceof TorchTensor) return 'a single tensor'
  if (Array.isArray(value)) return 'a list'
  if (!(value instanceof Map)) return 'one value'
  const names = [...value.keys()].filter((key) => typeof key === 'string').map((key) => `'${key.slice(0, 40)}'`)
  return `a dictionary of ${names.slice(0, 8).join(', ') || 'nothing'}${names.length > 8 ? ' and more' : ''}`
}
