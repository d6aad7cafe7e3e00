/**
 * WGSL of a block of results that a thread keeps in registers: sums over `k` of a[k][c] · b[k][r], for some lines c and some
 * columns r. Sums are vectors of four columns: c0_1_2 belongs to line 1 of the four lines 0, and to the four columns 2.
 */
import { type Tile, threadsOf } from './tiles.ts'

export const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** Lines and columns lie in fours; those of one thread are as far apart as the tile allows. */
export interface Block {
  readonly tile: Tile
  readonly threads: number
  /** Fours of lines and of columns that a thread has, and how far one is from the next. */
  readonly lines: readonly number[]
  readonly lineStep: number
  readonly columns: readonly number[]
  readonly columnStep: number
}

export function blockOf(tile: Tile): Block {
  const [lines, columns] = [tile.channelsOfThread / 4, tile.rowsOfThread / 4]
  return {
    ...{ tile, threads: threadsOf(tile), lines: upTo(lines), columns: upTo(columns) },
    lineStep: tile.channels / lines,
    columnStep: tile.rows / 4 / columns,
  }
}

/** Where a thread's lines and columns begin: `ly` and `lx`. */
export const placeOfThread = ({ tile }: Block): string => `  let lx = lane % ${tile.rows / tile.rowsOfThread}u;
  let ly = lane / ${tile.rows / tile.rowsOfThread}u;`

/** A statement per vector of sums: its name, and the line and the four columns in the tile that it belongs to. */
export function eachSum(block: Block, statement: (name: string, line: string, columns: string) => string): string {
  const { lines, lineStep, columns, columnStep } = block
  return lines
    .flatMap((g) =>
      upTo(4).flatMap((c) =>
        columns.map((h) => statement(`c${g}_${c}_${h}`, `${g * lineStep + c}u + 4u * ly`, `${h * columnStep}u + lx`)),
      ),
    )
    .join('\n')
}

/** One step of the sums, from a0, a1 … and b0, b1 … */
export const multiply = (block: Block): string =>
  eachSum(block, (name) => {
    const [g, c, h] = name.slice(1).split('_')
    return `        ${name} = fma(vec4f(a${g}[${c}]), b${h}, ${name});`
  })

/** So many steps are written out one after the other: more would be no faster, and take longer to compile. */
const WRITTEN_OUT = 4

/**
 * All steps from the shared memory of a tile.
 * @param a WGSL of four values in step `k`, from a line of the tile on that the thread adds its own place to
 * @param b the same of columns, in fours
 */
export function allSteps(
  block: Block,
  a: (k: string, firstLine: number) => string,
  b: (k: string, firstColumns: number) => string,
): string {
  const one = (n: number) => {
    const factors = [
      ...block.lines.map((g) => `let a${g} = ${a(`(k + ${n}u)`, g * block.lineStep)};`),
      ...block.columns.map((h) => `let b${h} = ${b(`(k + ${n}u)`, h * block.columnStep)};`),
    ]
    return `        {
          ${factors.join('\n          ')}
${multiply(block)}
        }`
  }
  return `      for (var k = 0u; k < ${block.tile.depth}u; k += ${WRITTEN_OUT}u) {
${upTo(WRITTEN_OUT).map(one).join('\n')}
      }`
}

/** `count` loads, shared out to the threads: each knows its index `i`, and a vector `v` of zeros. */
export const share = (count: number, threads: number, load: string): string =>
  upTo(Math.ceil(count / threads))
    .map((n) => {
      const left = count - n * threads
      const text = `{ let i = lane + ${n * threads}u; var v = vec4f(); ${load} }`
      return `        ${left < threads ? `if (lane < ${left}u) ` : ''}${text}`
    })
    .join('\n')

/** Four of an array that may lie at any multiple of four. */
export const four = (array: string, at: string): string =>
  `vec4f(${upTo(4)
    .map((c) => `${array}[${at} + ${c}u]`)
    .join(', ')})`
