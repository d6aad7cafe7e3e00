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
