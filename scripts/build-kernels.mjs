/**
 * Compiles the kernels (src/device/wasm/assembly/) twice, with and without relaxed SIMD, into build/kernels/: as modules
 * that hold the WebAssembly as text, so that every runtime and every bundler loads them alike. Writes their types, too.
 * Plain JavaScript: runs on any Node.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'
import { kernelTypes } from './kernel-types.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const sources = `${root}src/device/wasm/assembly/`
// by content, not by date: kernels of other sources would give wrong bounds
const hash = createHash('sha256')
for (const file of readdirSync(sources).toSorted()) hash.update(`${file}\n`).update(readFileSync(sources + file))
const origin = `// made of the sources ${hash.digest('hex')}\n`
const types = `${root}src/device/wasm/kernels.generated.ts`
const text = kernelTypes(sources)
if (readFileSync(types, 'utf8') !== text) writeFileSync(types, text)
mkdirSync(`${root}build/kernels`, { recursive: true })

for (const [variant, features] of Object.entries({ simd: ['simd'], relaxed: ['simd', 'relaxed-simd'] })) {
  const module = `${root}build/kernels/${variant}.js`
  if (existsSync(module) && readFileSync(module, 'utf8').startsWith(origin)) continue
  const { error, stderr } = await asc.main(
    [
      'src/device/wasm/assembly/index.ts',
      ...['--outFile', 'kernels.wasm', '--baseDir', root, '-O3', '--converge', '--noAssert', '--runtime', 'stub'],
      ...['--importMemory', '--initialMemory', '16', '--maximumMemory', '32767'],
      ...features.flatMap((feature) => ['--enable', feature]),
    ],
    {
      writeFile: (name, contents) =>
        writeFileSync(module, `${origin}export const base64 = '${Buffer.from(contents).toString('base64')}'\n`),
    },
  )
  if (error) {
    console.error(stderr.toString())
    process.exit(1)
  }
}
