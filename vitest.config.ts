import { defineConfig } from 'vitest/config'

// The default export is what vitest asks for.
export default defineConfig({ test: { include: ['src/**/*.test.ts'], testTimeout: 30_000, hookTimeout: 30_000 } })
