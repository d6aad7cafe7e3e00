/** Faults in losses that combine attacks and bounds, in TAPS, and in what a run says of its epochs. */
import { mutantsOf, tests } from './mutant.ts'

export const training = [
  ...mutantsOf('src/training/losses/expressive.ts', tests('training/losses/mixture'), [
    ['(1 - alpha) * z[placeOf', 'alpha * z[placeOf'],
    ['toBounds[placeOf(bounds, c)] += alpha * toSum[c]', 'toBounds[placeOf(bounds, c)] += toSum[c]'],
    ['toEmpirical[placeOf(empirical, c)] += (1 - alpha)', 'toEmpirical[placeOf(empirical, c)] += alpha'],
    ['(weight * alpha * mean) / ofBounds', '(weight * mean) / ofBounds'],
    ['ofBounds ** alpha', 'ofBounds ** (1 - alpha)'],
  ]),
  ...mutantsOf('src/training/losses/latent.ts', tests('training/losses/latent'), [
    ['(toUpper + toLower) * dx[i]', '(toUpper - toLower) * dx[i]'],
    ['(x[i] - u[i]) / reach + 1', '(x[i] - u[i]) / reach'],
    ['CONNECTOR = 0.5', 'CONNECTOR = 1'],
    ['toLogits[label * columns + e] -= gradient', 'toLogits[label * columns + e] -= 0'],
    ['(label + turn) % classes', '(label + 1) % classes'],
    ['toLogits[own] = -1', 'toLogits[own] = 1'],
    ['stage >= 0 && isCut', 'stage >= 0'],
  ]),
  ...mutantsOf('src/training/losses/taps.ts', tests('training/losses/latent'), [
    ['2 * LATENT_WEIGHT * ofBounds', '2 * LATENT_WEIGHT * ofLatent'],
    ['LATENT_WEIGHT = 5 / 6', 'LATENT_WEIGHT = 1 / 2'],
  ]),
  ...mutantsOf('src/training/work/gradient.ts', tests('training/trainer'), [
    ['job.attacked ? load(job.attacked) : chunk', 'chunk'],
  ]),
  ...mutantsOf('src/training/schedule.ts', tests('training/trainer'), [['epsilonFactor * epsilon', 'epsilon']]),
  ...mutantsOf('src/training/train.ts', tests('node/training/log-file'), [['elapsed: before +', 'elapsed: 0 +']]),
  ...mutantsOf('src/node/training/checkpoint.ts', tests('node/training/log-file'), [
    ['!== epochs - 1) return', '!== epochs - 9) return'],
  ]),
]
