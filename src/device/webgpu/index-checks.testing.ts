/**
 * Kernels that say when they reach beyond their values. GPUs of Node do not check indices (src/node/webgpu.ts), so tests do: every
 * index into a binding is compared with its length, also where the value is thrown away.
 */
import type { Gpu } from './gpu.ts'
import type { Dispatch } from './kernel.ts'
import type { Plan } from './plan.ts'
import type { Values } from './values.ts'

const checks = (binding: number) => `@group(0) @binding(${binding}) var<storage, read_write> faults: array<atomic<u32>>;
fn checked(i: u32, length: u32) -> u32 {
  if (i >= length) { atomicAdd(&faults[0], 1u); }
  return min(i, length - 1u);
}
`

/**
 * Has all kernels of a plan count indices that are too large.
 * @returns what says, once they have run, which did so how often: 'transposed: 12'
 */
export function checkIndices(plan: Plan): (gpu: Gpu) => Promise<readonly string[]> {
  const checkedOnes = plan.dispatches.map((dispatch) => {
    const faults = plan.kept('faults', 4)
    return { faults, dispatch: withChecks(dispatch, faults) }
  })
  plan.dispatches.splice(0, plan.dispatches.length, ...checkedOnes.map(({ dispatch }) => dispatch))
  return async (gpu) => {
    const counts = await Promise.all(checkedOnes.map(({ faults }) => gpu.read(faults)))
    return counts.flatMap(({ buffer }, i) => {
      const [count] = new Uint32Array(buffer)
      return count === 0 ? [] : [`${checkedOnes[i]!.dispatch.name}: ${count}`]
    })
  }
}

function withChecks(dispatch: Dispatch, faults: Values): Dispatch {
  const { code, uses } = dispatch
  const names = [...code.matchAll(/var<storage, \w+> (\w+): array</g)].map(([, name]) => name!)
  return {
    ...dispatch,
    code: checks(uses.length) + checkedText(code, names),
    uses: [...uses, { values: faults, access: 'update', type: 'u32' }],
  }
}

/** Every `name[index]` becomes `name[checked(index, its length)]`, inside of indices, too. */
function checkedText(text: string, names: readonly string[]): string {
  const access = new RegExp(`(?<![.\\w])(${names.join('|')})\\[`, 'g')
  let result = ''
  let done = 0
  for (let found = access.exec(text); found; found = access.exec(text)) {
    const start = access.lastIndex
    const end = closing(text, start)
    result += text.slice(done, start)
    result += `checked(u32(${checkedText(text.slice(start, end), names)}), arrayLength(&${found[1]}))`
    done = access.lastIndex = end
  }
  return result + text.slice(done)
}

/** Where the bracket closes that opened before `start`. */
function closing(text: string, start: number): number {
  let depth = 1
  for (let at = start; at < text.length; at++) {
    if (text[at] === '[') depth++
    else if (text[at] === ']' && --depth === 0) return at
  }
  throw new RangeError('a bracket stays open')
}
