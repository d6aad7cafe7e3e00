/** What scripts/build-kernels.mjs makes: a WebAssembly module as text. */
declare module '*/kernels/simd.js' {
  export const base64: string
}
declare module '*/kernels/relaxed.js' {
  export const base64: string
}
