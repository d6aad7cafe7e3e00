/** What quickstart prints at its end. */
import { join } from 'node:path'
import type { CertifySummary } from '../ladder/run-summary.ts'
import { commandLine, folded } from './follow-up.ts'
import { formatSeconds } from './progress.ts'
import { formatShare, formatTable } from './text.ts'

/** One row of the table. */
export interface Subject {
  readonly name: string
  /** Its file. */
  readonly path: string
  readonly summary: CertifySummary
}

/** Where the page about everything is. */
export const reportOf = (path: string): string => join(path, 'report.html')

/** @param better the network of the pair that did better on validation images */
export function explain(path: string, subjects: readonly Subject[], better: string, seconds: number): string {
  const [first] = subjects
  const { epsilon, images } = first!.summary
  const best = subjects.find(({ name }) => name === better)!
  const natural = subjects.find(({ name }) => name === 'natural')!
  const share = (subject: Subject, method: Method) => formatShare(errorOf(subject, method), 1)
  const rows = subjects.map((subject) => [
    subject.name,
    ...[share(subject, 'clean'), share(subject, 'pgd'), exactError(subject), share(subject, 'lp')],
  ])
  return `
Errors on ${images} test images of synthetic digits, ε = ${epsilon}

${formatTable([['network', 'clean', 'PGD', 'exact', 'LP'], ...rows])}

What this says. Around each image lie all images that differ from it by at most ${epsilon} in every pixel (black is 0,
white is 1). The LP error counts the images that are misclassified, or for which LP bounds could not prove that nothing
near them is misclassified. So ${best.name} is right on ${formatShare(1 - errorOf(best, 'lp'), 1)} of the images, and no attack can change that. The exact
error settles the rest: branch and bound finds a proof or a counterexample for each image. The network that was trained
on clean images is wrong on ${share(natural, 'clean')} of them, but PGD, an attack, fools it on ${share(natural, 'pgd')}, and LP bounds prove it right on
${formatShare(1 - errorOf(natural, 'lp'), 1)}.

Files      ${path}
  report   ${reportOf(path)} (open it in a browser)
  curves   ${join(path, 'curves.svg')}
  network  ${best.path}
  proofs   ${join(path, `certified-${best.name}.jsonl`)} (one row per image)

Next
  look for adversarial examples
${follow('attack', natural.path, '--epsilon', `${epsilon}`, '--save', join(path, 'adversarial'))}
  train longer
${follow('train', '--out', 'runs/longer', '--epsilon', '0.1', '--epochs', '20')}
  train on real digits
${follow('train', '--out', 'runs/mnist', '--preset', 'paper-mnist-0.1', '--epochs', '20')}

Done in ${formatSeconds(seconds)}.`
}

const follow = (...words: string[]) => folded(commandLine(...words), '    ')

type Method = 'clean' | 'pgd' | 'lp'
const errorOf = ({ summary }: Subject, method: Method): number => summary[method]?.error ?? NaN

/** '24.0 %', or from what is known to be vulnerable to what is not proved robust; '–' where it was not looked for. */
function exactError({ summary: { complete, robustError } }: Subject): string {
  if (!complete) return '–'
  const { least, most } = robustError
  return least === most ? formatShare(least, 1) : `${formatShare(least, 1)} to ${formatShare(most, 1)}`
}
