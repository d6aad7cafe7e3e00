import { expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { batchOf } from './batch.ts'
import { columnShape } from './columns.ts'
import { Trial, testGpu } from './gpu.testing.ts'
import { read, write } from './kernel.ts'
import { MOST_COLUMNS, medianFunction } from './medians.ts'
import { medianOf } from './medians.testing.ts'

/** Columns of every kind: Cauchy numbers, ties, zeros, one value throughout, tiny and huge ones. */
function valueOf(random: Random, kind: number): number {
  if (kind === 0) return random.cauchy()
  if (kind === 1) return random.integer(7) - 3
  if (kind === 2) return random.integer(3) === 0 ? random.cauchy() : 0
  if (kind === 3) return random.sign() * 2.5
  return random.sign() * 10 ** random.between(-30, 30)
}

test.each([1, 2, 3, 4, 7, 8, 50])(
  'medians of %i columns equal sorted ones, with the same places',
  async (dimension) => {
    const trial = new Trial(await testGpu())
    const { plan } = trial
    const random = new Random(dimension, 'medians')
    const shape = columnShape(batchOf(1), dimension)
    const rows = Array.from({ length: 200 }, (_, i) =>
      Float32Array.from({ length: dimension }, () => valueOf(random, i % 5)),
    )
    // neither the centre nor the padding counts
    const padding = Array.from({ length: shape.width - 1 - dimension }, () => 0)
    const columns = trial.input(rows.flatMap((row) => [random.between(-9, 9), ...row, ...padding]))
    const medians = plan.values('medians', rows.length)
    const places = plan.values('places', rows.length)
    plan.each(
      'medians',
      rows.length,
      { columns: read(columns, 'vec4f'), medians: write(medians), places: write(places, 'u32') },
      `let median = medianOf(i * ${shape.width / 4}u);
  medians[i] = median.distance;
  places[i] = median.places;`,
      medianFunction(shape),
    )
    const [found, bits] = await trial.run([medians, places])
    const placeOf = (code: number) => (code & 1 ? -1 : 1) * (code >> 1)
    const foundPlaces = Array.from(new Uint32Array(bits.buffer), (word) => [
      placeOf(word & 0x7fff),
      placeOf(word >>> 15),
    ])
    const expected = rows.map(medianOf)
    expect([...found]).toEqual(expected.map(({ median }) => median))
    expect(foundPlaces).toEqual(expected.map((row) => row.places))
  },
)

test('more columns than places can name are refused', () => {
  expect(() => medianFunction(columnShape(batchOf(1), MOST_COLUMNS + 1))).toThrow(/at most 16383/)
})
