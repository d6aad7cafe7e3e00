/** Whole properties: what assertions say together, and files. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { UserError } from '../../base/errors.ts'
import { initialise } from '../../model/initialise.ts'
import { graphOf } from '../../model/graph.ts'
import { temporaryFolder } from '../../node/temporary.testing.ts'
import { checkProperty } from './property.ts'
import { readVnnlib } from '../../node/properties/property-file.ts'
import { boxed, parse, regions, unsafe } from './property.testing.ts'

const folder = temporaryFolder()

describe('one assertion after the other', () => {
  test('a property as the competition writes it', () => {
    const text = `; a comment with (parentheses and 'quotes
(declare-const X_0 Real)
(declare-const Y_0 Real) ; another
(declare-const Y_1 Real)

(assert (<= X_0 0.679857769))
(assert (>= X_0 6e-1))
(assert (or
    (and (<= Y_0 Y_1))(and (>= Y_1 3.5e+0))
))
`
    expect(parse(text)).toMatchObject({ name: 'p.vnnlib', inputs: 1, outputs: 2 })
    // 0.6 of float64 is below 0.6, and the other below what it is nearest to
    expect(regions(text)).toEqual([
      { lower: [0.6], upper: [0.6798577690000001], unsafe: [[[1, -1, 0]], [[0, -1, -3.5]]] },
    ])
  })

  test('assertions hold together: an or in one, constraints in others before and behind', () => {
    const formulas = '(assert (<= Y_0 1)) (assert (or (<= Y_1 2) (<= Y_1 Y_0))) (assert (<= Y_0 3))'
    const always = [[1, 0, 1], [1, 0, 3]] // prettier-ignore
    expect(unsafe(formulas)).toEqual([[...always, [0, 1, 2]], [...always, [-1, 1, 0]]]) // prettier-ignore
  })

  test('commands that change nothing, and declare-fun', () => {
    const text = boxed.replace('(declare-const X_0 Real)', '(set-logic QF_LRA)(declare-fun X_0 () Real)')
    expect(regions(`${text}(assert (<= Y_0 1))(check-sat)(exit)`)).toEqual(regions(`${boxed}(assert (<= Y_0 1))`))
  })

  test('inputs in comparisons are watched: behind the outputs, those that are needed', () => {
    const { watched, regions: found } = parse(
      `${boxed}(assert (or (<= Y_0 X_1) (<= X_0 0.5)))(assert (<= (+ X_1 Y_1) 3))`,
    )
    expect(watched).toEqual([1])
    expect(found.map(({ unsafe: cases }) => cases.map((all) => all.map((c) => [...c.coefficients])))).toEqual([
      [[[0, 1, 1], [1, 0, -1]]], // prettier-ignore
      [[[0, 1, 1]]],
    ])
  })
})

describe('files', () => {
  test('plain and compressed', () => {
    const text = `${boxed}(assert (<= Y_0 1))`
    writeFileSync(join(folder, 'p.vnnlib'), `\ufeff${text}`)
    writeFileSync(join(folder, 'p.vnnlib.gz'), gzipSync(text))
    const expected = {
      ...parse(text),
      name: expect.anything(),
      regions: [{ asked: expect.anything(), lower: Float64Array.of(0, -1) }],
    }
    expect(readVnnlib(join(folder, 'p.vnnlib'))).toMatchObject(expected)
    expect(readVnnlib(join(folder, 'p.vnnlib.gz'))).toMatchObject(expected)
  })

  test('missing, cut short, binary', () => {
    writeFileSync(join(folder, 'cut.gz'), gzipSync(boxed).subarray(0, 40))
    writeFileSync(
      join(folder, 'binary'),
      Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251),
    )
    expect(() => readVnnlib(join(folder, 'none'))).toThrow(/none: there is no such file/)
    expect(() => readVnnlib(join(folder, 'cut.gz'))).toThrow(/cut\.gz cannot be uncompressed/)
    expect(() => readVnnlib(join(folder, 'binary'))).toThrow('binary is not text in UTF-8')
  })

  test('a property of another network', () => {
    const input = { channels: 2, height: 1, width: 1 }
    const graph = (outFeatures: number) =>
      graphOf(initialise({ name: 'tiny', input, layers: [{ kind: 'linear', outFeatures }] }, 1))
    const property = parse(`${boxed}(assert (<= Y_0 1))`)
    expect(() => checkProperty(graph(2), property)).not.toThrow()
    expect(() => checkProperty(graph(3), property)).toThrow(
      new UserError('p.vnnlib is for another network: it has 2 inputs X and 2 outputs Y, tiny has 2 and 3'),
    )
  })
})
