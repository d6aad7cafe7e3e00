/**
 * How the ten digits are drawn: for each digit a few styles, for each style its strokes, for each stroke its control
 * points 'x y, x y, …' in per cent of the glyph's width (from the left) and height (from the top).
 */

export interface Stroke {
  /** Smooth strokes curve through their points, the others go straight from one to the next. */
  readonly smooth: boolean
  /** x0, y0, x1, y1, … in a box of 0 ≤ x ≤ 1 (left to right) by 0 ≤ y ≤ 1 (top to bottom). */
  readonly points: readonly number[]
}

const numbers = (points: string) => points.split(/[ ,]+/).map((number) => Number(number) / 100)
const curve = (points: string): Stroke => ({ smooth: true, points: numbers(points) })
const line = (points: string): Stroke => ({ smooth: false, points: numbers(points) })

/** `glyphs[digit][style]` is a list of strokes. */
export const glyphs: readonly (readonly (readonly Stroke[])[])[] = [
  [
    [curve('50 0, 15 20, 8 55, 25 92, 55 100, 85 80, 92 45, 78 10, 50 0')],
    [curve('50 0, 24 22, 20 60, 36 95, 60 97, 78 70, 80 35, 66 6, 50 0')],
    [curve('62 4, 30 8, 10 40, 15 80, 45 100, 80 85, 95 50, 82 15, 50 2, 36 10')],
  ],
  [
    [line('50 0, 50 100')],
    [line('28 22, 54 0, 52 100')],
    [line('28 20, 52 0, 50 100'), line('25 100, 77 100')],
    [curve('56 0, 50 50, 46 100')],
  ],
  [
    [curve('12 25, 30 3, 65 2, 85 25, 70 52, 40 75, 10 98'), line('10 98, 92 96')],
    [curve('15 20, 45 0, 80 15, 78 45, 50 78, 22 97, 10 85, 28 78, 60 95, 95 92')],
    [curve('18 12, 50 0, 80 20, 72 50, 15 100'), line('15 100, 88 100')],
  ],
  [
    [curve('12 12, 45 0, 80 12, 80 36, 42 47'), curve('42 47, 80 55, 90 78, 60 100, 30 98, 8 85')],
    [line('12 2, 82 2, 42 42'), curve('42 42, 78 50, 86 78, 50 100, 10 90')],
    [curve('20 6, 60 0, 78 20, 66 42, 36 48, 70 52, 84 74, 62 98, 14 94')],
  ],
  [
    [line('68 0, 6 66, 95 66'), line('70 36, 68 100')],
    [line('20 2, 14 50, 82 50'), line('80 0, 74 100')],
    [curve('16 5, 10 38, 32 56, 76 42'), line('82 2, 72 100')],
  ],
  [
    [line('85 2, 25 3, 20 45'), curve('20 45, 55 36, 85 60, 75 90, 40 100, 10 90')],
    [curve('85 5, 50 6, 30 14, 22 42, 60 46, 80 72, 60 96, 12 96')],
    [curve('22 5, 20 42, 55 40, 80 65, 60 95, 12 95'), line('20 3, 88 5')],
  ],
  [
    [curve('72 0, 35 20, 12 60, 25 95, 60 100, 84 78, 68 54, 38 55, 16 74')],
    [curve('45 0, 25 40, 20 78, 42 100, 74 90, 78 66, 55 56, 25 72')],
    [curve('85 8, 55 2, 24 30, 15 70, 40 100, 80 88, 82 60, 50 48, 20 66')],
  ],
  [
    [line('8 4, 90 2, 40 100')],
    [curve('8 10, 40 5, 90 3, 62 45, 48 100')],
    [line('8 4, 88 3, 42 100'), line('30 52, 85 48')],
    [line('12 20, 12 2, 88 2, 50 100')],
  ],
  [
    [curve('50 46, 20 28, 28 4, 50 0, 76 6, 80 28, 50 46'), curve('50 46, 12 68, 20 95, 50 100, 82 95, 88 68, 50 46')],
    [curve('80 10, 50 0, 22 14, 36 40, 74 64, 70 94, 42 100, 18 80, 40 54, 74 30, 80 10')],
    [curve('50 44, 28 30, 30 6, 50 0, 72 8, 70 32, 50 44'), curve('50 44, 20 62, 22 92, 50 100, 80 90, 78 60, 50 44')],
  ],
  [
    [curve('82 24, 60 2, 28 8, 18 32, 40 52, 72 42, 84 18'), curve('84 18, 78 60, 66 100')],
    [curve('76 20, 50 0, 20 16, 24 42, 52 48, 78 24'), curve('78 20, 80 62, 62 96, 20 95')],
    [curve('74 26, 62 3, 32 5, 20 28, 42 46, 72 32'), line('78 4, 76 100')],
  ],
]
