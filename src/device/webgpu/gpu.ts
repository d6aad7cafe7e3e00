/**
 * A GPU: adapter and device of WebGPU, compiled kernels, and the memory of what stays. Who calls it brings WebGPU along:
 * browsers have it, Node gets it from the package `webgpu` (src/node/webgpu.ts).
 */
import { UserError } from '../../base/errors.ts'
import { Pipelines } from './pipelines.ts'
import { type Placement, bytesOf, placementOf, sharedRooms } from './placement.ts'
import type { Plan, Target } from './plan.ts'
import { Program } from './program.ts'
import { StepRing } from './step-ring.ts'
import type { Storage, Values } from './values.ts'

/** What is known of an adapter. */
export interface AdapterFacts {
  /** What `--adapter` finds it by. */
  readonly name: string
  readonly vendor: string
  readonly architecture: string
  /** Whether the CPU does its work. */
  readonly isSoftware: boolean
  readonly largestBinding: number
  readonly largestBuffer: number
  readonly sharedMemory: number
  readonly threads: number
}

export function factsOf({ info, limits }: GPUAdapter): AdapterFacts {
  const { vendor, architecture, description, device } = info
  return {
    name: description || device || `${vendor} ${architecture}`.trim() || 'unnamed adapter',
    vendor,
    architecture,
    isSoftware:
      info.isFallbackAdapter ||
      /swiftshader|llvmpipe|lavapipe|basic render/i.test(`${description} ${device} ${architecture}`),
    largestBinding: limits.maxStorageBufferBindingSize,
    largestBuffer: limits.maxBufferSize,
    sharedMemory: limits.maxComputeWorkgroupStorageSize,
    threads: limits.maxComputeInvocationsPerWorkgroup,
  }
}

/** How plans for an adapter are made. */
export const targetOf = (facts: AdapterFacts): Target => ({
  products: facts.isSoftware ? 'plain' : 'tiled',
  largestBinding: Math.min(facts.largestBinding, facts.largestBuffer),
  sharedMemory: facts.sharedMemory,
  threads: Math.min(256, facts.threads),
  team: facts.isSoftware ? 16 : 256,
})

export class Gpu {
  readonly facts: AdapterFacts
  readonly target: Target
  readonly #device: GPUDevice
  readonly #pipelines: Pipelines
  readonly #steps: StepRing
  readonly #kept = new Map<Storage, GPUBuffer>()
  #rooms: GPUBuffer[] = []
  #failure: UserError | undefined

  private constructor(device: GPUDevice, facts: AdapterFacts, target: Target) {
    this.facts = facts
    this.target = target
    this.#device = device
    this.#pipelines = new Pipelines(device)
    this.#steps = new StepRing(device, this.#pipelines.stepLayout)
    void device.lost.then(({ reason, message }) => {
      if (reason !== 'destroyed') this.#fail(`the GPU ${facts.name} was lost: ${oneLine(message)}`, 'gpu-lost')
    })
    device.addEventListener('uncapturederror', ({ error }) => {
      const code = /memory/i.test(error.constructor.name) ? 'out-of-memory' : 'gpu-lost'
      this.#fail(`the GPU ${facts.name} failed: ${oneLine(error.message)}`, code)
    })
  }

  /**
   * Opens an adapter, with the largest limits that it has.
   * @param facts what is known of it, where somebody knows more than WebGPU says
   * @throws UserError if it gives no device
   */
  static async open(adapter: GPUAdapter, target?: Target, facts: AdapterFacts = factsOf(adapter)): Promise<Gpu> {
    const names = [
      ...(['maxBufferSize', 'maxStorageBufferBindingSize', 'maxComputeWorkgroupStorageSize'] as const),
      ...([
        'maxComputeInvocationsPerWorkgroup',
        'maxComputeWorkgroupSizeX',
        'maxStorageBuffersPerShaderStage',
      ] as const),
    ]
    const requiredLimits = Object.fromEntries(names.map((name) => [name, adapter.limits[name]]))
    const device = await adapter.requestDevice({ requiredLimits }).catch((error: unknown) => {
      throw new UserError(`the GPU ${facts.name} gives no device: ${oneLine(String(error))}`, { code: 'no-gpu' })
    })
    return new Gpu(device, facts, target ?? targetOf(facts))
  }

  /**
   * Compiles plans that share what they keep, and that never run at the same time.
   * @throws UserError if the driver refuses a kernel, or memory runs out
   */
  async compile(plans: readonly Plan[]): Promise<Program[]> {
    const placements = plans.map(placementOf)
    const rooms = await this.#makeRooms(placements)
    const programs: Program[] = []
    for (const [i, plan] of plans.entries()) {
      const { roomOf } = placements[i]
      const bufferOf = (storage: Storage) => (storage.isKept ? this.#keep(storage) : rooms[roomOf.get(storage)!])
      programs.push(await Program.make(plan, this.#pipelines, bufferOf))
    }
    this.check()
    return programs
  }

  /** Runs programs one after the other, each with a step of its own, without waiting for the GPU. */
  submit(runs: readonly { readonly program: Program; readonly step: Parameters<StepRing['put']>[0] }[]): void {
    this.check()
    const encoder = this.#device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    for (const { program, step } of runs) program.encode(pass, this.#steps.group, this.#steps.put(step))
    pass.end()
    this.#device.queue.submit([encoder.finish()])
  }

  /** Writes values that are kept, before anything that is submitted later. */
  write(values: Values, data: Float32Array | Uint32Array | Int32Array | Uint8Array, first = 0): void {
    this.check()
    const { buffer, byteOffset, byteLength } = data
    const target = this.#keep(values.storage)
    // in parts: drivers stage what is written
    const part = 2 ** 26
    const copy =
      buffer instanceof ArrayBuffer
        ? { buffer, byteOffset }
        : { buffer: data.slice().buffer as ArrayBuffer, byteOffset: 0 }
    for (let at = 0; at < byteLength; at += part) {
      const bytes = Math.min(part, byteLength - at)
      this.#device.queue.writeBuffer(target, 4 * first + at, copy.buffer, copy.byteOffset + at, bytes)
    }
  }

  /** What is in kept values once everything submitted so far is done. @throws UserError if the GPU has failed */
  async read(values: Values, first = 0, length = values.length - first): Promise<Float32Array<ArrayBuffer>> {
    return new Float32Array(await this.#readBytes(values, first, length))
  }

  async #readBytes({ storage }: Values, first: number, length: number): Promise<ArrayBuffer> {
    this.check()
    const device = this.#device
    const size = 4 * length
    const staging = device.createBuffer({ size, usage: USAGE.MAP_READ | USAGE.COPY_DST })
    const encoder = device.createCommandEncoder()
    encoder.copyBufferToBuffer(this.#keep(storage), 4 * first, staging, 0, size)
    device.queue.submit([encoder.finish()])
    try {
      await staging.mapAsync(1)
    } catch (error) {
      this.check()
      throw new UserError(`the GPU ${this.facts.name} was lost: ${oneLine(String(error))}`, { code: 'gpu-lost' })
    }
    const copy = staging.getMappedRange().slice(0)
    staging.unmap()
    staging.destroy()
    this.check()
    return copy
  }

  /** @throws UserError if the GPU has failed since it was opened */
  check(): void {
    if (this.#failure) throw this.#failure
  }

  /** Bytes that are taken. */
  get memory(): number {
    const sum = (buffers: Iterable<GPUBuffer>) => [...buffers].reduce((total, { size }) => total + size, 0)
    return sum(this.#rooms) + sum(this.#kept.values())
  }

  /** Gives back what these plans keep; their programs are of no use after that. */
  release(plans: readonly Plan[]): void {
    for (const storage of plans.flatMap((plan) => placementOf(plan).kept)) {
      this.#kept.get(storage)?.destroy()
      this.#kept.delete(storage)
    }
  }

  /** Gives everything back. What uses it after that throws a UserError. */
  close(): void {
    this.#fail(`the GPU ${this.facts.name} is closed: open it again`, 'gpu-lost')
    for (const buffer of [...this.#rooms, ...this.#kept.values()]) buffer.destroy()
    this.#kept.clear()
    this.#device.destroy()
  }

  /** @returns the rooms of these placements, which stay theirs if larger ones are made meanwhile */
  async #makeRooms(placements: readonly Placement[]): Promise<readonly GPUBuffer[]> {
    const rooms = sharedRooms(placements)
    this.#device.pushErrorScope('out-of-memory')
    // programs of before keep rooms that are large enough
    rooms.forEach((bytes, i) => {
      if ((this.#rooms[i]?.size ?? 0) >= bytes) return
      this.#rooms[i] = this.#device.createBuffer({ size: bytes, usage: USAGE.STORAGE })
    })
    for (const storage of placements.flatMap(({ kept }) => kept)) this.#keep(storage)
    const own = [...this.#rooms]
    const error = await this.#device.popErrorScope()
    if (!error) return own
    const needed = rooms.reduce((a, b) => a + b, 0)
    throw new UserError(
      `the GPU ${this.facts.name} has no ${Math.ceil(needed / 2 ** 20)} MB left for a micro-batch: give it less memory`,
      { code: 'out-of-memory' },
    )
  }

  #keep(storage: Storage): GPUBuffer {
    if (!storage.isKept) throw new RangeError(`${storage.name} is not kept`)
    const known = this.#kept.get(storage)
    if (known) return known
    const usage = USAGE.STORAGE | USAGE.COPY_SRC | USAGE.COPY_DST
    const buffer = this.#device.createBuffer({ size: bytesOf(storage), usage })
    this.#kept.set(storage, buffer)
    return buffer
  }

  #fail(message: string, code: 'gpu-lost' | 'out-of-memory'): void {
    this.#failure ??= new UserError(message, { code })
  }
}

/** As WebGPU numbers them; the globals that name them are not everywhere. */
const USAGE = { MAP_READ: 1, COPY_SRC: 4, COPY_DST: 8, STORAGE: 128 } as const

const oneLine = (text: string) => text.split('\n')[0].trim()
