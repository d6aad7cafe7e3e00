import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

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
