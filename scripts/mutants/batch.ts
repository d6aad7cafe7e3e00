/** Faults in training on a GPU. */
import { type Mutant, mutantsOf, tests } from './mutant.ts'

export const batch: readonly Mutant[] = [
  ...mutantsOf('src/training/batch/trainer.ts', tests('training/batch/trainer', 'training/batch/pair'), [
    ['first: start + first', 'first: start'],
    ['if (!isFinite) throw', 'if (false) throw'],
    ['if (other !== index) await', 'if (other === index) await'],
    ['await this.#run.learners[index].read(this.#gpu)', ''],
    ['this.#gpu.write(data.order, order)', ''],
  ]),
  ...mutantsOf('src/training/batch/estimate.ts', tests('training/batch/trainer'), [
    ['attackErrors, estimatedErrors }', 'attackErrors, estimatedErrors: attackErrors }'],
  ]),
  ...mutantsOf('src/training/batch/step.ts', tests('training/batch/trainer', 'training/batch/micro-batch'), [
    ['.steps + 1', '.steps'],
    ['weight: 1 / examples', 'weight: 1 / options.batchSize'],
    ['1 - BETA2 ** taken', '1 - BETA1 ** taken'],
    ['examples - i * size', 'size'],
  ]),
  ...mutantsOf('src/training/batch/micro-batch.ts', tests('training/batch/micro-batch'), [
    ['least.largest <= largestBinding', 'true'],
    ['least.memory <= deviceMemory * 2 ** 20', 'true'],
    ['Math.ceil(batch / (i + 1))', 'Math.floor(batch / (i + 1))'],
  ]),
  ...mutantsOf('src/training/batch/windows.ts', tests('training/batch/windows'), [
    ['.length < 2) return', '.length < 3) return'],
    ['isFinite: Number.isFinite(total + squares)', 'isFinite: Number.isFinite(total)'],
    ['loss + empiricalLoss + penalty', 'loss + penalty'],
  ]),
  ...mutantsOf('src/training/batch/plans.ts', tests('training/batch/plans', 'training/batch/pair'), [
    ['isOne ? [first] : Array.from', 'true ? [first] : Array.from'],
    ['learners[1 - index]?.outcome', 'learners[index]?.outcome'],
    ['const [first, last] = [at(0), at(steps - 1)]', 'const [first, last] = [at(steps - 1), at(steps - 1)]'],
  ]),
  ...mutantsOf('src/training/best.ts', tests('training/batch/trainer'), [
    ['certifiedError ?? estimatedError\n', 'certifiedError ?? undefined\n'],
  ]),
]
