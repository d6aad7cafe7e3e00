/** A loss that is not finite any more. */
import { UserError } from '../base/errors.ts'
import type { Learner } from './learner.ts'
import { learningRateAt } from './schedule.ts'
import type { TrainingOptions } from './settings.ts'
import type { Moment } from './step.ts'

export const diverged = (options: TrainingOptions, { name }: Learner, { epoch, step }: Moment): UserError =>
  new UserError(
    `the loss of ${name} is not finite in epoch ${epoch + 1}, step ${step + 1}: lower the learning rate ` +
      `(now ${learningRateAt(options, epoch)}), lengthen the ramp of ε or clip gradients`,
    { code: 'diverged' },
  )
