/**
 * Complete searches that take turns, each turn twice as long as the last. Nobody needs to know which search suits a
 * question: at worst, all together take a few times as long as the best one would alone.
 */
import type { Deadline } from '../../base/deadline.ts'
import type { CompleteMethod, CompleteResult, Resumable } from '../../region/question.ts'

/** Milliseconds of the first turns. */
const FIRST = 200

export interface Contender {
  readonly method: CompleteMethod
  readonly search: Resumable
}

/**
 * @param contenders at least one
 * @returns the answer of the first that decides; if none does, what was proved when the time was up or all had given up
 */
export async function takeTurns(
  contenders: readonly Contender[],
  deadline: Deadline,
): Promise<{ readonly result: CompleteResult; readonly method: CompleteMethod }> {
  let open = contenders
  let best = -Infinity
  for (let turn = FIRST; ; turn *= 2) {
    for (const contender of open) {
      const { method, search } = contender
      const isLast = open.length === 1
      const result = await search.run(isLast ? deadline : deadline.orIn(turn))
      if (result.verdict !== 'undecided') return { result, method }
      best = Math.max(best, result.bound)
      const isOver = result.reason === 'timeout' && deadline.left() <= 0
      if (isOver || (isLast && result.reason !== 'timeout')) return { result: { ...result, bound: best }, method }
      if (result.reason !== 'timeout') open = open.filter((other) => other !== contender)
    }
  }
}
