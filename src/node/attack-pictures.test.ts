import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PNG } from 'pngjs'
import { expect, test } from 'vitest'
import { attackAll } from '../attacks/attack.testing.ts'
import { smallCase } from '../attacks/random-dataset.testing.ts'
import { AttackPictures } from './attack-pictures.ts'
import { temporaryFolder } from './temporary.testing.ts'

const { network, dataset } = smallCase()
const ball = { epsilon: 0.05, norm: 'linf', domain: 'pixels' } as const
const folder = temporaryFolder()

test('pictures: image, adversarial example, difference', async () => {
  const path = join(folder, 'pictures')
  const pictures = new AttackPictures(path, dataset)
  const { rows } = await attackAll(network, dataset, {
    ...{ ...ball, first: 0, last: 50, seed: 0, method: 'pgd', steps: 10 },
  })
  const files = rows.map((row) => pictures.save(row))
  pictures.close()
  expect(rows.map(({ verdict }) => verdict === 'vulnerable')).toEqual(files.map((file) => file !== undefined))
  expect(readdirSync(path)).toHaveLength(files.filter((file) => file !== undefined).length)
  const { index, label, adversarial } = rows.find((row) => row.adversarial)!
  const file = files[index]!
  expect(file).toBe(join(path, `random-0-${index}-label-${label}-taken-for-${adversarial!.prediction}.png`))
  const png = PNG.sync.read(readFileSync(file))
  // 6 pixels become 114, and each has a caption of two lines
  expect([png.width, png.height]).toEqual([3 * 114 + 16, 114 + 32])
  const pixel = (x: number) => png.data[4 * x]
  expect(pixel(0)).toBe(dataset.images[index * 36])
  expect(pixel(2 * 122)).toBe(Math.round(adversarial!.image[0]! * 255))
  expect(() => new AttackPictures(path, dataset)).toThrow(/not empty/)
})

test('files are named by classes, whatever is in their names', () => {
  const path = join(folder, 'named')
  const classNames = ['big / cat', 'Hündchen', 'c', 'd']
  const pictures = new AttackPictures(path, { ...dataset, name: 'my/pets', classNames })
  const adversarial = { image: new Float32Array(36), prediction: 1, margin: -1 }
  const row = { index: 3, label: 0, prediction: 0, verdict: 'vulnerable', margin: -1, adversarial } as const
  expect(pictures.save(row)).toBe(join(path, 'my-pets-3-label-big-cat-taken-for-Hündchen.png'))
  expect(pictures.save({ ...row, adversarial: undefined } as never)).toBeUndefined()
  pictures.close()
})

test('what cannot be a folder of pictures is refused, and none is made', () => {
  const file = join(folder, 'file')
  writeFileSync(file, '')
  expect(() => new AttackPictures(file, dataset)).toThrow(/folder/)
  const two = { ...dataset, shape: { ...dataset.shape, channels: 2 } }
  expect(() => new AttackPictures(join(folder, 'none'), two)).toThrow('images of 2 channels cannot be saved')
  expect(existsSync(join(folder, 'none'))).toBe(false)
})
