import { expect, test } from 'vitest'
import { trainingOptions } from '../training/options.ts'
import { isDatasetPath, isDatasetSource, validationCountOf } from './names.ts'

test('a path has a slash in it, or ends as a file does that is a data set', () => {
  for (const path of ['./a', '/a b/c', '..\\a', 'photos/', 'a.csv', 'a.npz', 'dataset.toml']) {
    expect(isDatasetPath(path)).toBe(true)
    expect(validationCountOf(path)).toBe(0.1)
    expect(trainingOptions({ dataset: path as './a', architecture: 'linear' }).dataset).toBe(path)
  }
  for (const other of ['mnist', 'photos', 'csv', 'a.csv.exe']) expect(isDatasetPath(other)).toBe(false)
  expect([isDatasetSource('svhn'), isDatasetSource('photos'), isDatasetSource(3)]).toEqual([true, false, false])
})

test('a misspelt name is neither compiled nor taken', () => {
  trainingOptions({ dataset: './photos', architecture: 'linear' })
  // @ts-expect-error it is no name, and no path
  const given = () => trainingOptions({ dataset: 'mnsit' })
  expect(given).toThrow("unknown data set 'mnsit': did you mean 'mnist'? (your own data is a path, such as ./mnsit)")
  const photos = () => trainingOptions({ dataset: 'photos' as 'mnist' })
  expect(photos).toThrow('(your own data is a path, such as ./photos)')
})
