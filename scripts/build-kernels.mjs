/** Compiles the kernels (src/device/wasm/assembly/) twice, with and without relaxed SIMD, into build/kernels/. Plain JavaScript: runs on any Node. */
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const root = fileURLToPath(new URL('..', import.meta.url))
const sources = `${root}src/device/wasm/assembly/`
const newest = Math.max(...readdirSync(sources).map((file) => statSync(sources + file).mtimeMs))
mkdirSync(`${root}build/kernels`, { recursive: true })

for (const [variant, features] of Object.entries({ simd: ['simd'], relaxed: ['simd', 'relaxed-simd'] })) {
  const out = `build/kernels/${variant}.wasm`
  if ((statSync(root + out, { throwIfNoEntry: false })?.mtimeMs ?? 0) > newest) continue
  const { error, stderr } = await asc.main([
    'src/device/wasm/assembly/index.ts',
    ...['--outFile', out, '--baseDir', root, '-O3', '--converge', '--noAssert', '--runtime', 'stub'],
    ...['--importMemory', '--initialMemory', '16', '--maximumMemory', '32767'],
    ...features.flatMap((feature) => ['--enable', feature]),
  ])
  if (error) {
    console.error(stderr.toString())
    process.exit(1)
  }
}
