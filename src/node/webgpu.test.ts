import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { chosenOf, listGpus } from './webgpu.ts'

const module = fileURLToPath(new URL('webgpu.ts', import.meta.url))

/** What a process without a GPU says when it opens one, and what drivers say meanwhile. */
function opened(env: Readonly<Record<string, string>>): { readonly stdout: string; readonly stderr: string } {
  const code = `import { openGpu } from ${JSON.stringify(module)}
openGpu().then(() => console.log('opened'), ({ name, code, message }) => console.log([name, code, message].join('; ')))`
  const args = ['--input-type=module', '--eval', code]
  return spawnSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, ...env } })
}

test('finds each adapter once, by its name or a part of it, and opens it', async () => {
  const adapters = await listGpus()
  expect(new Set(adapters.map(({ name }) => name)).size).toBe(adapters.length)
  expect(chosenOf(adapters, 'swiftshader device').backend).toBe('vulkan')
  const gpu = await chosenOf(adapters, 'SUBZERO').open()
  expect(gpu.facts).toMatchObject({ name: 'SwiftShader Device (Subzero)', isSoftware: true })
  gpu.close()
  expect(() => chosenOf(adapters, 'Voodoo 2')).toThrow(/^there is no GPU 'Voodoo 2': choose one of: .*SwiftShader/)
})

test('takes the first that is no software', () => {
  const one = (name: string, isSoftware = false) => ({ name, isSoftware }) as Parameters<typeof chosenOf>[0][number]
  const adapters = [one('A100'), one('A10'), one('software', true)]
  expect(chosenOf(adapters, undefined)).toBe(adapters[0])
  expect(chosenOf(adapters, 'a10')).toBe(adapters[1])
})

test('without an adapter there is one line, and drivers are silent', () => {
  const { stdout, stderr } = opened({ VK_DRIVER_FILES: '/nowhere' })
  expect(stdout).toMatch(/^UserError; no-gpu; there is no GPU: .*libvulkan1.*\n$/)
  expect(stderr).toBe('')
})

test('without the package there is one line that says how to get it', () => {
  const hide = `import { registerHooks } from 'node:module'
registerHooks({ resolve: (name, context, next) => {
  if (name !== 'webgpu') return next(name, context)
  throw Object.assign(new Error('none'), { code: 'ERR_MODULE_NOT_FOUND' })
} })`
  const { stdout } = opened({ NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(hide)}` })
  expect(stdout).toBe("UserError; no-gpu; GPUs need the package 'webgpu': npm install webgpu\n")
})
