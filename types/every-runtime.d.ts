/** What the core uses beyond the language itself: browsers and their workers, Node, Deno and Bun all have it. */
declare const performance: { now(): number }

declare function atob(base64: string): string
declare function btoa(latin1: string): string

declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>
}

declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean })
  decode(bytes?: Uint8Array): string
}

interface AbortSignal {
  readonly aborted: boolean
  readonly reason: unknown
  throwIfAborted(): void
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
}

declare class AbortController {
  readonly signal: AbortSignal
  abort(reason?: unknown): void
}

declare function setTimeout(callback: (value?: unknown) => void, milliseconds?: number): unknown
declare function structuredClone<T>(value: T): T

interface ImportMeta {
  readonly url: string
}
