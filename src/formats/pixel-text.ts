/**
 * Short texts as pixels, for captions in pictures: capitals, digits and some signs of 3 × 5 pixels, one pixel apart. Small
 * letters become capitals, and what is not here becomes a question mark.
 */

/** Rows from the top, each an octal digit: its three bits are the pixels from left to right. */
const glyphs: Readonly<Record<string, string>> = {
  ...{ A: '25755', B: '65656', C: '34443', D: '65556', E: '74647', F: '74644', G: '34553', H: '55755', I: '72227' },
  ...{ J: '11152', K: '55655', L: '44447', M: '57755', N: '65555', O: '25552', P: '65644', Q: '25563', R: '65655' },
  ...{ S: '34216', T: '72222', U: '55557', V: '55552', W: '55775', X: '55255', Y: '55222', Z: '71247' },
  ...{ 0: '75557', 1: '26227', 2: '71747', 3: '71717', 4: '55711', 5: '74717', 6: '74757', 7: '71122', 8: '75757' },
  ...{ 9: '75717', ' ': '00000', '.': '00002', ',': '00024', ':': '02020', '-': '00700', '+': '02720', '±': '27207' },
  ...{ '/': '11244', _: '00007', '(': '12221', ')': '42224', "'": '22000', '%': '51245', '×': '05250', '?': '71202' },
}

export const GLYPH_WIDTH = 3
export const GLYPH_HEIGHT = 5

/** Where the ink is: columns and rows from 0, with `scale` × `scale` pixels for each of a glyph's. */
export function* inkOf(text: string, scale: number): Generator<{ readonly x: number; readonly y: number }> {
  for (const [i, character] of [...text.toUpperCase()].entries()) {
    const rows = glyphs[character] ?? glyphs['?']!
    for (let y = 0; y < GLYPH_HEIGHT * scale; y++) {
      for (let x = 0; x < GLYPH_WIDTH * scale; x++) {
        const bit = 4 >> Math.floor(x / scale)
        if (Number(rows[Math.floor(y / scale)]) & bit) yield { x: i * (GLYPH_WIDTH + 1) * scale + x, y }
      }
    }
  }
}

/** How many characters there is room for. */
export const roomFor = (width: number, scale: number): number =>
  Math.floor((width + scale) / ((GLYPH_WIDTH + 1) * scale))
