/** See kernel-types.mjs. */
export function kernelTypes(folder: string): string
