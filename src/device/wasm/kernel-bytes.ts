/** The compiled kernels. They come as modules of text, which Node, browsers and bundlers load without being told how. */
import { UserError } from '../../base/errors.ts'
import type { KernelVariant } from './kernels.ts'

/** The WebAssembly module of a variant. @throws UserError if the kernels have not been built */
export async function kernelBytes(variant: KernelVariant): Promise<Uint8Array> {
  const { base64 } = await loadText[variant]().catch((error: unknown) => {
    const missing = `build/kernels/${variant}.js cannot be loaded`
    throw new UserError(`the kernels are not built (${missing}): run 'npm run build'`, {
      code: 'not-built',
      cause: error,
    })
  })
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
}

const loadText = {
  simd: () => import('../../../build/kernels/simd.js'),
  relaxed: () => import('../../../build/kernels/relaxed.js'),
}
