/**
 * A compute shader with its shapes written into it, and how much work it is. Kernels are text until a GPU compiles them, so
 * that plans can be made, counted and checked without one.
 */
import { UserError } from '../../base/errors.ts'
import { stepStructure } from './step.ts'
import type { Values } from './values.ts'

export type Access = 'read' | 'write' | 'update'

/** Values that a kernel uses. As 'vec4f' they are seen four at a time. */
export interface Use {
  readonly values: Values
  readonly access: Access
  readonly type: ElementType
}

type ElementType = 'f32' | 'vec4f' | 'u32' | 'i32' | 'vec4u'

export const read = (values: Values, type: ElementType = 'f32'): Use => ({ values, access: 'read', type })
/** Every element is written, and none read before. */
export const write = (values: Values, type: ElementType = 'f32'): Use => ({ values, access: 'write', type })
/** Elements are read and written, or only some are written. */
export const update = (values: Values, type: ElementType = 'f32'): Use => ({ values, access: 'update', type })

/** Where an adjoint brings the gradient of values, and whether by `=` or by `+=`. */
export interface GradientUse {
  readonly use: Use
  readonly assign: '=' | '+='
}

/** @throws RangeError if nobody wants that gradient */
export function intoGradient(values: Values, type: ElementType = 'f32'): GradientUse {
  const { values: gradient, accumulate } = values.intoGradient()
  return accumulate ? { use: update(gradient, type), assign: '+=' } : { use: write(gradient, type), assign: '=' }
}

export interface KernelText {
  /** What it does, for dry runs and messages: 'convolution'. */
  readonly name: string
  /** Names in WGSL of the values, in the order of their bindings. */
  readonly uses: Readonly<Record<string, Use>>
  readonly workgroup: readonly [number, number, number]
  /** How many workgroups. */
  readonly groups: readonly [number, number, number]
  /** WGSL before the entry point: functions, workgroup memory. */
  readonly declarations?: string
  /**
   * WGSL of the entry point. It knows `group` (workgroup_id), `local` (local_invocation_id), `lane` (local_invocation_index)
   * and `step` (step.ts).
   */
  readonly main: string
  /** Floating-point operations, where they are what takes the time. */
  readonly flop?: number
}

/** One kernel on certain values. */
export interface Dispatch {
  readonly name: string
  readonly code: string
  readonly uses: readonly Use[]
  readonly groups: readonly [number, number, number]
  readonly flop: number
  readonly readsStep: boolean
}

/** Most workgroups in one dimension that every device has. */
const MOST_GROUPS = 65535

/** @throws UserError if it takes more workgroups in one dimension than devices have */
export function dispatchOf({ name, uses, workgroup, groups, declarations = '', main, flop = 0 }: KernelText): Dispatch {
  if (groups.some((count) => count > MOST_GROUPS)) {
    throw new UserError(
      `${name} takes ${groups.join(' × ')} workgroups, and GPUs have at most ${MOST_GROUPS} in a row: train on the CPU`,
    )
  }
  const readsStep = /\bstep\./.test(declarations + main)
  const bindings = Object.entries(uses).map(([variable, { access, type }], binding) => {
    const mode = access === 'read' ? 'read' : 'read_write'
    return `@group(0) @binding(${binding}) var<storage, ${mode}> ${variable}: array<${type}>;`
  })
  const code = `${bindings.join('\n')}
${readsStep ? `${stepStructure}\n@group(1) @binding(0) var<uniform> step: Step;\n` : ''}${declarations}
@compute @workgroup_size(${workgroup.join(', ')})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u,
        @builtin(local_invocation_index) lane: u32) {
${main}
}`
  return { name, code, uses: Object.values(uses), groups, flop, readsStep }
}

const THREADS = 64

/** Workgroups for so many parts, in two dimensions where one has not enough; and WGSL that says which part a group does. */
export function spread(parts: number): { readonly groups: readonly [number, number, number]; readonly part: string } {
  const wide = Math.min(parts, MOST_GROUPS)
  return { groups: [wide, Math.ceil(parts / wide), 1], part: `(group.x + group.y * ${wide}u)` }
}

/** A kernel that does the same for every index `i` from 0 to `count` − 1. */
export const eachOf = (
  name: string,
  count: number,
  uses: Readonly<Record<string, Use>>,
  main: string,
  declarations = '',
): KernelText => {
  const { groups, part } = spread(Math.ceil(count / THREADS))
  return {
    ...{ name, uses, declarations, groups, workgroup: [THREADS, 1, 1] },
    main: `  let i = ${part} * ${THREADS}u + lane;
  if (i >= ${count}u) { return; }
${main}`,
  }
}
