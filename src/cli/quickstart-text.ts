/** What quickstart says at its end. */
import { join } from 'node:path'
import type { Subject } from './quickstart.ts'
import { formatSeconds } from './progress.ts'
import { formatShare, formatTable } from './text.ts'

/** @param better the network of the pair that did better on validation images */
export function explain(path: string, subjects: readonly Subject[], better: string, seconds: number): string {
  const [first] = subjects
  const { epsilon, images } = first!.summary
  const best = subjects.find(({ name }) => name === better)!
  const natural = subjects.find(({ name }) => name === 'natural')!
  const share = (subject: Subject, method: Method) => formatShare(errorOf(subject, method), 1)
  const rows = subjects.map((subject) => [subject.name, ...methods.map((method) => share(subject, method))])
  return `
Errors on ${images} test images of synthetic digits, ε = ${epsilon}

${formatTable([['network', 'clean', 'PGD', 'interval', 'LP'], ...rows])}

What this says. Around each image lies a ball: all images that differ from it by at most ${epsilon} in every pixel
(black is 0, white is 1). The LP error counts the images that are misclassified, or for which it could not be proved
that nothing in the ball is. So for ${formatShare(1 - errorOf(best, 'lp'), 1)} of the images, ${best.name} is right on the whole ball, whatever
attack anybody may invent. The network that was trained on clean images errs on ${share(natural, 'clean')} of them, but PGD, an
attack, fools it on ${share(natural, 'pgd')}, and it can be certified on ${formatShare(1 - errorOf(natural, 'lp'), 1)}. Interval bounds are cheaper, and too
loose for networks that were not trained with them.

Files      ${path}
  curves   ${join(path, 'curves.svg')}
  network  ${best.path}
  proofs   ${join(path, `certified-${best.name}.jsonl`)} (one row per image)

Next
  look for adversarial examples:  robustra attack ${natural.path} --epsilon ${epsilon} --save adversarial
  train longer:                   robustra train --out runs/longer --epsilon 0.1 --epochs 20
  on real digits:                 robustra train --out runs/mnist --preset paper-mnist-0.1 --epochs 20

Done in ${formatSeconds(seconds)}.`
}

const methods = ['clean', 'pgd', 'interval', 'lp'] as const
type Method = (typeof methods)[number]
const errorOf = ({ summary }: Subject, method: Method): number => summary[method]?.error ?? NaN
