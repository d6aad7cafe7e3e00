import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// Tests of the GPU run on SwiftShader, which Debian's chromium brings along. The loader of libraries reads this when a worker starts.
const chromium = '/usr/lib/chromium'
process.env.VK_DRIVER_FILES ??= `${chromium}/vk_swiftshader_icd.json`
process.env.LD_LIBRARY_PATH = [process.env.LD_LIBRARY_PATH, chromium].filter(Boolean).join(':')

// The default export is what vitest asks for. The limits are for what hangs: a busy machine is ten times slower than a quiet one.
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'scripts/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Tests start hundreds of programs and threads from the sources: Node keeps what it has compiled, and they start in half the time.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('build/compile-cache', import.meta.url)) },
  },
})
