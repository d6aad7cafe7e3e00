import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { UserError } from '../base/errors.ts'
import { tableOf } from '../data/dataset-of.ts'
import { radiiOf } from '../data/feature-radii.ts'
import { describeRadii, radiiFrom } from './epsilon-file.ts'

let folder: string
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'epsilon-'))))
afterAll(() => rmSync(folder, { recursive: true }))

const features = [
  { name: 'age', low: 20, high: 70 },
  { name: 'income, net', low: 0, high: 1000 },
]
const table = tableOf({ name: 'bank', features, rows: [[30, 500]], labels: [0], classes: 2 })
const { features: _, ...images } = table

const from = (content: string, dataset = table, name = 'e.csv') => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return radiiFrom({ epsilonFile: path })(dataset)
}

test('numbers are radii as they are, in any layout', () => {
  for (const content of ['0.1\n2/255\n', '0.1, 2/255', '0.1 2/255', '.1;2/255\r\n']) {
    expect(from(content)).toEqual({ epsilon: 0.1, epsilons: [0.1, 2 / 255] })
  }
  expect(from('[0.1, "2/255"]', images, 'e.json').epsilons).toEqual([0.1, 2 / 255])
  expect(from('{"epsilon": 0.1, "epsilons": [0.1, 0]}', images, 'config.json').epsilons).toEqual([0.1, 0])
})

test('names are features, whose ε are in their own units', () => {
  const { epsilons } = radiiOf(features, { age: 5, 'income, net': 0 })
  for (const content of ['age,5\nincome, net,0\n', '"income, net", 0\n\n age , 5']) {
    expect(from(content)).toEqual({ epsilon: epsilons[0], epsilons })
  }
  expect(from('{"age": "10/2", "income, net": 0}', table, 'e.json').epsilons).toEqual(epsilons)
  expect(describeRadii({ epsilon: 0.123456, epsilons })).toBe('ε per feature, at most 0.1235 of [0, 1]')
})

test('what is wrong is said with its line', () => {
  const refuse = (content: string, message: string, dataset = table, name = 'e.csv') => {
    expect(() => from(content, dataset, name)).toThrow(UserError)
    expect(() => from(content, dataset, name)).toThrow(message)
  }
  refuse('', 'e.csv is empty')
  refuse('0.1 0.2 0.3', 'e.csv has 3 numbers, but bank has 2 values per example')
  refuse('0.1\nx', "e.csv, line 2: ε cannot be 'x'")
  refuse('0.1\n-1', "e.csv, line 2: ε cannot be '-1'")
  refuse('age 5', "line 1: 'age 5' is not a name, a comma and a number")
  refuse('age,5\nage,6', "line 2: 'age' is there twice")
  refuse('age,5', "feature 'income, net' has no ε")
  refuse('ago,5\nincome, net,0', "unknown feature 'ago': did you mean 'age'?")
  refuse('age,5\nincome, net,0', 'e.csv names features, but bank has none: give 2 numbers', images)
  refuse('{', 'is not valid JSON', table, 'e.json')
  refuse('3', 'is neither an array nor an object', table, 'e.json')
  refuse('[0.1, null]', 'e.json, entry 1: ε cannot be', table, 'e.json')
})

test('one of --epsilon and --epsilon-file, not both', () => {
  expect(radiiFrom({ epsilon: 0.1 })(table)).toEqual({ epsilon: 0.1 })
  expect(() => radiiFrom({ epsilon: 2 })).toThrow("ε cannot be '2'")
  expect(() => radiiFrom({})).toThrow('--epsilon-file')
  expect(() => radiiFrom({ epsilon: 0.1, epsilonFile: 'x' })).toThrow('exclude each other')
})
