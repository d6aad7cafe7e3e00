/** Every command of docs/tutorial.md, as it stands there, on a small folder of drawings. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { syntheticDigits } from '../data/synthetic.ts'
import { encodePng } from '../formats/png.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'
import { finished, start } from './command.testing.ts'

const text = readFileSync(fileURLToPath(new URL('../../docs/tutorial.md', import.meta.url)), 'utf8')
const blocks = (kind: string) =>
  [...text.matchAll(new RegExp(`^\`\`\`${kind}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, body]) => body!)
const folder = temporaryFolder()

/** Tens of drawings of the digits 0 to 3, in folders of their class. */
function drawPictures(): void {
  const { images, labels, shape, count } = syntheticDigits(240, 1, 'test')
  const size = images.length / count
  const names = ['zero', 'one', 'two', 'three']
  for (let i = 0; i < count; i++) {
    const name = names[labels[i]!]
    if (name === undefined) continue
    const path = join(folder, 'pictures', name, `${i}.png`)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, encodePng(shape, images.subarray(i * size, (i + 1) * size)))
  }
}

beforeAll(() => {
  drawPictures()
  writeFileSync(join(folder, 'net.toml'), blocks('toml')[0]!)
})

test('from a folder of pictures to a certified, reported result', async () => {
  const commands = blocks('sh').map((body) => body.trim())
  expect(commands).toHaveLength(5)
  const printed: string[] = []
  for (const command of commands) {
    const [npx, name, ...args] = command.split(' ')
    expect([npx, name]).toEqual(['npx', 'robustra'])
    const { code, stdout, stderr } = await finished(start(args, folder))
    expect({ command, code, stderr: code === 0 ? '' : stderr }).toEqual({ command, code: 0, stderr: '' })
    printed.push(stdout)
  }
  const [info, , attack, certify] = printed
  expect(info).toContain('mine: input 1×28×28')
  expect(attack).toMatch(/^pgd .* %/m)
  expect(certify).toMatch(/^0\.1 .*certified-0\.1\.jsonl\n0\.05 .*certified-0\.05\.jsonl$/m)
  for (const file of ['net.svg', 'adversarial', 'runs/mine/log.csv']) expect(existsSync(join(folder, file))).toBe(true)
  const report = readFileSync(join(folder, 'runs/mine/report.html'), 'utf8')
  expect(report).toContain('<h2 id="classes-title">Classes</h2>')
  for (const name of ['zero', 'one', 'two', 'three']) expect(report).toContain(`>${name}</th>`)
})
