/** What the paper prints: Tables 1 and 2 of Li et al. (IJCAI 2019). */

/** Table 1. */
export interface PaperNetwork {
  readonly architecture: string
  readonly layers: number
  readonly hiddenUnits: number
  readonly parameters: number
}

export const paperTable1: readonly PaperNetwork[] = [
  { architecture: 'mnist-small', layers: 4, hiddenUnits: 4804, parameters: 166_406 },
  { architecture: 'mnist-large', layers: 7, hiddenUnits: 28_064, parameters: 1_974_762 },
  { architecture: 'cifar10-small', layers: 4, hiddenUnits: 6244, parameters: 214_918 },
  { architecture: 'cifar10-large', layers: 7, hiddenUnits: 62_464, parameters: 2_466_858 },
  { architecture: 'cifar10-resnet', layers: 11, hiddenUnits: 107_496, parameters: 4_214_850 },
]

/** An error as a share; '-' was not reported, '/' could not be computed in 24 hours. */
export type PaperError = number | '-' | '/'

/** The errors of one network in Table 2. */
export interface PaperErrors {
  readonly lp: PaperError
  readonly milp: PaperError
  readonly clean: PaperError
}

/** A row of Table 2: the state of the art before it, and Robustra. */
export interface PaperRow {
  readonly soa: PaperErrors
  readonly robustra: PaperErrors
}

const share = (percent: PaperError): PaperError =>
  typeof percent === 'number' ? Number((percent / 100).toFixed(4)) : percent

/** In the order of the table's columns, in per cent. */
function row(...columns: [PaperError, PaperError, PaperError, PaperError, PaperError, PaperError]): PaperRow {
  const [soaLp, lp, soaMilp, milp, soaClean, clean] = columns.map(share) as typeof columns
  return { soa: { lp: soaLp, milp: soaMilp, clean: soaClean }, robustra: { lp, milp, clean } }
}

/** Table 2, by dataset-ε-model, ε of CIFAR-10 in 255ths. */
export const paperTable2: Readonly<Record<string, PaperRow>> = {
  'mnist-0.1-small': row(4.48, 4.84, 4.38, 2.55, 1.26, 1.01),
  'mnist-0.1-large': row(3.67, 3.93, 2.74, 2.09, 1.08, 0.83),
  'mnist-0.3-small': row(43.1, 31.42, 25.79, 16.91, 11.4, 7.37),
  'mnist-0.3-large': row(45.66, 34.59, 24.19, 24.43, 11.16, 11.61),
  'cifar10-2-small': row(52.75, 51.47, 50.2, 47.93, 38.91, 36.03),
  'cifar10-2-large': row(46.59, 43.68, '-', '/', 31.28, 28.48),
  'cifar10-2-resnet': row(46.11, 44.43, '-', '/', 31.72, 29.51),
  'cifar10-8-small': row(79.25, 76.29, '-', 74.87, 72.24, 66.34),
  'cifar10-8-large': row(83.43, 78.32, '-', 77.56, 80.56, 71.79),
  'cifar10-8-resnet': row(78.22, 79.57, 77.6, 78.1, 71.33, 72.1),
}
