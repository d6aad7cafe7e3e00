/** How reproductions are written down: Markdown, CSV, and how they were made. */
import { availableParallelism, cpus } from 'node:os'
import { join } from 'node:path'
import { writeFileAtomic } from '../node/atomic.ts'
import { formatCount } from '../report/format.ts'
import type { TrainingOptions } from '../training/settings.ts'
import type { FigureSettings, Reproduction } from './experiment.ts'

/** Columns after the first are aligned to the right. */
export const markdownTable = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')

/** What the paper says, what was found, and whether that agrees. */
export interface Claim {
  readonly paper: string
  readonly ours: string
  /** undefined: cannot be said yet. */
  readonly agrees: boolean | undefined
}

export const claimTable = (claims: readonly Claim[]): string =>
  '| the paper | ours | agrees |\n| --- | --- | --- |\n' +
  claims
    .map(
      ({ paper, ours, agrees }) => `| ${paper} | ${ours} | ${agrees === undefined ? '–' : agrees ? 'yes' : 'no'} |\n`,
    )
    .join('')

/** The machine that made it. */
export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly node: string
  /** Threads that it was given; older files do not say. */
  readonly workers?: number
}

export const machine = (workers: number): Machine => ({
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  node: process.versions.node,
  workers,
})

export const describeMachine = ({ processor, cores, node, workers }: Machine): string =>
  `${processor}, ${workers === undefined ? '' : `${workers} workers on `}${cores} cores, Node ${node}`

/** What every figure says of how it was made. */
export const provenance = (command: string, { seed, epochs }: TrainingOptions, workers: number) => ({
  ...{ command, seed, epochs },
  machine: machine(workers),
})

/** The command that makes it again, except for folders and workers. */
export function commandOf(name: string, { dataset, epochs, images, trainingCount }: FigureSettings, rows = ''): string {
  const flags = [
    ['rows', rows || undefined],
    ['dataset', dataset === 'mnist' ? undefined : dataset],
    ['epochs', epochs],
    ['training-count', trainingCount],
    ['images', images],
  ] as const
  const given = flags.flatMap(([flag, value]) => (value === undefined ? [] : [`--${flag} ${value}`]))
  return ['robustra reproduce', name, ...given].join(' ')
}

/** Nothing once all epochs are done. */
export const describeProgress = (done: number, epochs: number): string =>
  done < epochs ? `**Not finished: ${done} of ${epochs} epochs are done.**\n\n` : ''

/** How it differs from the paper's experiment, if it does. @param paperEpochs if the paper says how many */
export function describeScale(
  { dataset, epochs, images, trainingCount }: FigureSettings,
  paperEpochs?: number,
): string {
  const parts = [
    ...(dataset === 'synthetic'
      ? ['synthetic digits instead of MNIST, to which the paper’s figures do not apply']
      : []),
    ...(paperEpochs === undefined || epochs === undefined || epochs === paperEpochs
      ? []
      : [`${epochs} epochs instead of ${paperEpochs}, the schedules of ε and of the learning rate in proportion`]),
    ...(trainingCount === undefined ? [] : [`trained on ${formatCount(trainingCount)} images only`]),
    ...(images === undefined ? [] : [`evaluated on the first ${formatCount(images)} test images only`]),
  ]
  return parts.length > 0 ? `Not the paper’s experiment in full: ${parts.join('; ')}.\n` : ''
}

/** Writes `<name>.json`, `.csv`, `.md` and, if there is a picture, `.svg`, each atomically. */
export function writeReproduction(
  out: string,
  name: string,
  made: { readonly data: unknown; readonly csv: string; readonly text: string; readonly svg?: string },
): Reproduction {
  const contents = {
    json: `${JSON.stringify(made.data, undefined, 2)}\n`,
    csv: made.csv,
    ...(made.svg !== undefined && { svg: made.svg }),
    md: made.text,
  }
  const files = Object.entries(contents).map(([extension, content]) => {
    const path = join(out, `${name}.${extension}`)
    writeFileAtomic(path, content)
    return path
  })
  return { data: made.data, text: made.text, files }
}
