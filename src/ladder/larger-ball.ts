/**
 * What a larger ball proves of a smaller one around the same image: B(x, ε) ⊂ B(x, ε') for ε ≤ ε', so a margin that holds
 * everywhere in the larger one holds in the smaller one, too. Sound: yes. Complete: no; a counterexample of the larger ball
 * may lie outside the smaller one, so such images are tried again.
 */
import { UserError } from '../base/errors.ts'
import { type Ball, radiusOf } from '../region/ball.ts'
import { describeNorm } from '../region/norm.ts'
import type { CertifyRow } from './rows.ts'

/** Rows of the same network and images over a ball that holds the one that is asked for. */
export interface LargerBall {
  readonly ball: Ball
  readonly rows: readonly CertifyRow[]
}

/**
 * @param images indices that are asked for
 * @returns a row for each of them that the larger ball proves robust; it took no time
 * @throws UserError if that ball does not hold this one
 */
export function provedByLarger(ball: Ball, images: readonly number[], larger: LargerBall): CertifyRow[] {
  if (!holds(larger.ball, ball)) {
    throw new UserError(
      `what is proved for ${describeBall(larger.ball)} proves nothing for ${describeBall(ball)}, which is not a part of it`,
    )
  }
  const asked = new Set(images)
  return larger.rows.flatMap(({ index, label, prediction, clean, result, provedAt = larger.ball.epsilon }) =>
    result.verdict === 'robust' && asked.has(index)
      ? [{ index, label, prediction, clean: { ...clean, seconds: 0 }, provedAt, result, seconds: 0 }]
      : [],
  )
}

function holds(larger: Ball, ball: Ball): boolean {
  const values = ball.epsilons ?? larger.epsilons ?? [ball.epsilon]
  return (
    larger.norm === ball.norm &&
    larger.domain === ball.domain &&
    values.every((_, i) => radiusOf(larger, i) >= radiusOf(ball, i))
  )
}

const describeBall = ({ epsilon, epsilons, norm, domain }: Ball): string =>
  `ε ${epsilons ? `per value, at most ${epsilon}` : epsilon} in ${describeNorm(norm)}, domain ${domain}`
