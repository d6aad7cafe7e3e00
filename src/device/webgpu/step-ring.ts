/** Room for what changes from step to step. A step that is submitted keeps its place until many more have been. */
import { type Step, stepBytes, writeStep } from './step.ts'

const PLACES = 256
/** Offsets of uniforms must be multiples of this. */
const APART = 256

export class StepRing {
  readonly group: GPUBindGroup
  readonly #queue: GPUQueue
  readonly #buffer: GPUBuffer
  readonly #bytes = new DataView(new ArrayBuffer(APART))
  #next = 0

  constructor(device: GPUDevice, layout: GPUBindGroupLayout) {
    this.#queue = device.queue
    // as WebGPU numbers them: UNIFORM and COPY_DST
    this.#buffer = device.createBuffer({ size: PLACES * APART, usage: 64 | 8 })
    const resource = { buffer: this.#buffer, size: stepBytes }
    this.group = device.createBindGroup({ layout, entries: [{ binding: 0, resource }] })
  }

  /** Writes a step, before everything that is submitted later. @returns its offset */
  put(step: Step): number {
    const at = this.#next * APART
    this.#next = (this.#next + 1) % PLACES
    writeStep(step, this.#bytes, 0)
    this.#queue.writeBuffer(this.#buffer, at, this.#bytes.buffer as ArrayBuffer)
    return at
  }
}
