import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { UserError } from '../base/errors.ts'
import { parseMat } from './mat.ts'
import { type MatArray, matOf } from './mat.testing.ts'
import { mutateBytes } from './mutate.testing.ts'

const arrays: MatArray[] = [
  { name: 'X', dimensions: [2, 3, 1, 2], data: Uint8Array.from({ length: 12 }, (_, i) => 3 * i) },
  { name: 'labels', dimensions: [2, 1], data: Uint8Array.of(10, 1) },
]

test.each([
  ['compressed', {}],
  ['as it is', { isCompressed: false }],
  ['big-endian', { isLittle: false }],
])('%s', (_, options) => {
  const read = parseMat(matOf(arrays, options), 'a.mat')
  expect([...read.keys()]).toEqual(['X', 'labels'])
  for (const { name, dimensions, data } of arrays) {
    expect(read.get(name)!.dimensions).toEqual(dimensions)
    expect([...read.get(name)!.data]).toEqual([...data])
  }
})

test('what scipy.io.savemat writes, other arrays apart', () => {
  const written =
    'TUFUTEFCIDUuMCBNQVQtZmlsZSBQbGF0Zm9ybTogcG9zaXgsIENyZWF0ZWQgb246IFNhdCBOb3YgMjggMTE6NDU6MjcgMjAyNgAA' +
    'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABSU0PAAAAOAAAAHic42NgYPAAYjYg5gBi' +
    'TgYIYAViASBmAmJmIGaEshmBMALK5gEpZGbj5OEXEpWQllMEcQE3PAG5DwAAAC0AAAB4nONjYGCwAGI2IOYAYk4GCGCF8pmAmBGK' +
    'QWpyEpNSc4pB4kwMXEBBADmIAvcPAAAAKQAAAHic42NgYHAAYjYg5oDSIMAK5TMiYZBYfklGahGQ5oTKQ8APewBPRAPi'
  const read = parseMat(new Uint8Array(Buffer.from(written, 'base64')), 'a.mat')
  expect([...read.keys()]).toEqual(['X', 'labels'])
  for (const { name, dimensions, data } of arrays) {
    expect(read.get(name)!.dimensions).toEqual(dimensions)
    expect([...read.get(name)!.data]).toEqual([...data])
  }
})

test('damaged files are refused in one line', () => {
  const refuse = (bytes: Uint8Array, why: RegExp) => expect(() => parseMat(bytes, 'a.mat')).toThrow(why)
  refuse(new Uint8Array(300), /^a.mat is not a MAT-file of MATLAB 5: save it with 'save -v7'$/)
  refuse(
    matOf(arrays, { isCompressed: false }).subarray(0, 200),
    /^a.mat is damaged: it is cut short: replace the file$/,
  )
  refuse(matOf([{ ...arrays[1], dimensions: [3, 1] }]), /'labels' has 2 values, not 3 × 1/)
  let read = 0
  for (let seed = 0; seed < 2000; seed++) {
    const random = new Random(seed, 'damaged mat')
    try {
      parseMat(mutateBytes(random, matOf(arrays, { isCompressed: seed % 2 === 0 })), 'a.mat')
      read++
    } catch (error) {
      if (!(error instanceof UserError)) throw error
    }
  }
  expect(read).toBeGreaterThan(50)
})
