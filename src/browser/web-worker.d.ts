/** What of a browser is needed here, where the library of the DOM is not loaded. */
declare class Worker {
  constructor(script: URL, options: { type: 'module' })
  postMessage(message: unknown): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'error', listener: (event: { readonly message?: string }) => void): void
  terminate(): void
}
/** Whether memory can be shared with workers. */
declare var crossOriginIsolated: boolean | undefined
/** Within a worker. */
declare function addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
declare function postMessage(message: unknown): void
