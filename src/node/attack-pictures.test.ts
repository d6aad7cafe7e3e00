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
  const pictures = new AttackPictures(path, dataset, ball)
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
  expect([png.width, png.height]).toEqual([(3 * 6 + 4) * 4, 24])
  const pixel = (x: number) => png.data[4 * 4 * x]
  expect(pixel(0)).toBe(dataset.images[index * 36])
  expect(pixel(8)).toBe(Math.round(adversarial!.image[0]! * 255))
  expect(() => new AttackPictures(path, dataset, ball)).toThrow(/not empty/)
})

test('what cannot be a folder of pictures is refused, and none is made', () => {
  const file = join(folder, 'file')
  writeFileSync(file, '')
  expect(() => new AttackPictures(file, dataset, ball)).toThrow(/folder/)
  const two = { ...dataset, shape: { ...dataset.shape, channels: 2 } }
  expect(() => new AttackPictures(join(folder, 'none'), two, ball)).toThrow('images of 2 channels cannot be saved')
  expect(existsSync(join(folder, 'none'))).toBe(false)
})
