import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { attackHeader } from '../attacks/attack.ts'
import { attackAll } from '../attacks/attack.testing.ts'
import { smallCase } from '../attacks/random-dataset.testing.ts'
import { judge } from '../attacks/recheck.ts'
import { evaluate } from '../model/evaluate.ts'
import { parseNpz } from '../formats/npz.ts'
import { readZip } from '../formats/zip.ts'
import { AttackArrays } from './attack-arrays.ts'
import { temporaryFolder } from './temporary.testing.ts'

const { network, dataset } = smallCase()
const options = { epsilon: 0.05, first: 0, last: 50, seed: 0, method: 'pgd', steps: 10 } as const
const header = attackHeader(network, dataset, options)
const folder = temporaryFolder()

/** The values of a .npy array of 64-bit integers, and what its header says. */
function integersOf(bytes: Uint8Array) {
  const text = Buffer.from(bytes).toString('latin1')
  const values = new Uint8Array(bytes.slice(text.indexOf('\n') + 1)).buffer
  return { type: /'descr': '([^']*)'/.exec(text)![1], values: [...new BigInt64Array(values)].map(Number) }
}

test('images, labels, predictions and indices of what was found', async () => {
  const path = join(folder, 'found.npz')
  const arrays = new AttackArrays(path, { ...dataset, classNames: ['a', 'b', 'c', 'd'] }, header)
  const { rows } = await attackAll(network, dataset, options)
  for (const row of rows) arrays.save(row)
  expect(existsSync(path)).toBe(false)
  arrays.finish()
  arrays.close()
  const bytes = readFileSync(path)
  const { metadata, tensors } = parseNpz(bytes, path)
  const found = rows.filter(({ adversarial }) => adversarial)
  expect(found.length).toBeGreaterThan(3)
  const { shape, data } = tensors.get('images')!
  expect(shape).toEqual([found.length, 1, 6, 6])
  expect(data).toBeInstanceOf(Float32Array)
  const entries = readZip(bytes, path)
  const [labels, predictions, indices] = ['labels', 'predictions', 'indices'].map((name) =>
    integersOf(entries.get(`${name}.npy`)!),
  )
  expect(labels!.type).toBe('<i8')
  found.forEach(({ index, label }, i) => {
    expect([indices!.values[i], labels!.values[i]]).toEqual([index, label])
    const { margin, prediction } = judge(evaluate(network, data.slice(36 * i, 36 * (i + 1))), label)
    expect(margin).toBeLessThanOrEqual(0)
    expect(prediction).toBe(predictions!.values[i])
  })
  expect(metadata.classes).toBe('a\nb\nc\nd')
  expect(JSON.parse(metadata.attack!)).toMatchObject({ method: 'pgd', epsilon: 0.05, dataset: 'random-0' })
})

test('none found is an array of none; a file that is there stays, and so does the lack of a folder', () => {
  const path = join(folder, 'none.npz')
  const arrays = new AttackArrays(path, dataset, header)
  expect(() => new AttackArrays(path, dataset, header)).toThrow(/none.npz/)
  arrays.finish()
  arrays.close()
  expect(parseNpz(readFileSync(path), path).tensors.get('images')).toEqual({
    ...{ shape: [0, 1, 6, 6], data: new Float32Array() },
  })
  writeFileSync(join(folder, 'there.npz'), 'mine')
  expect(() => new AttackArrays(join(folder, 'there.npz'), dataset, header)).toThrow('exists already')
  expect(readFileSync(join(folder, 'there.npz'), 'utf8')).toBe('mine')
  expect(() => new AttackArrays(join(folder, 'missing', 'a.npz'), dataset, header)).toThrow(/no folder/)
})
