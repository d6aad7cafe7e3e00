/** Whole certifications to the end of the ladder. */
import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { examples } from '../../attacks/inputs.ts'
import { judge } from '../../attacks/recheck.ts'
import { evaluate } from '../../model/evaluate.ts'
import { certifyToFile } from './certify-to-file.ts'
import { comparable, dataset, linesOf, network, target, temporaryFiles } from './certificates.testing.ts'

const { newFile, optionsOf } = temporaryFiles()

const ladder = ['clean', 'pgd', 'interval', 'lp', 'crown', 'alpha', 'complete'] as const
const verdicts = (path: string) => {
  const [, ...rows] = comparable(path)
  return rows.map(({ result }) => result.verdict)
}

test.each(['pixels', 'unbounded'] as const)('decides every image, by either search: %s', async (domain) => {
  // without PGD and the tighter proofs there is more to search
  const bare = { domain, steps: ['interval', 'complete'] as const, last: 30 }
  const [whole, bab, milp] = [optionsOf({ domain, steps: ladder, last: 30 }), optionsOf(bare), optionsOf(bare)]
  const summary = await certifyToFile(target, dataset, { ...whole, workers: 2 })
  await certifyToFile(target, dataset, { ...bab, search: 'bab', workers: 2 })
  await certifyToFile(target, dataset, { ...milp, search: 'milp', workers: 2 })
  expect(verdicts(bab.out)).toEqual(verdicts(whole.out))
  expect(verdicts(milp.out)).toEqual(verdicts(whole.out))
  expect(new Set(verdicts(whole.out))).toEqual(new Set(['robust', 'vulnerable']))
  expect([summary.undecided, summary.robustError.least]).toEqual([0, summary.complete!.error])
  const errors = ladder.slice(2).map((method) => summary[method]!.errors)
  expect(errors).toEqual(errors.toSorted((a, b) => b - a))
  expect(summary.complete!.errors).toBeGreaterThanOrEqual(summary.pgd!.errors)
  // every counterexample is in the domain, and misclassified
  const [, ...rows] = linesOf(bab.out)
  const found = rows.flatMap(({ index, label, result }) =>
    result.verdict === 'vulnerable' && result.point ? [{ index, label, result, point: result.point }] : [],
  )
  expect(found.length).toBeGreaterThan(3)
  for (const { index, label, result, point } of found) {
    const image = examples(dataset, [index]).images[0]
    const { prediction, margin } = judge(evaluate(network, point), label)
    expect([prediction, margin]).toEqual([result.prediction, result.margin])
    expect(margin).toBeLessThanOrEqual(0)
    point.forEach((value, j) => {
      expect(Math.abs(value - image[j])).toBeLessThanOrEqual(0.05)
      if (domain === 'pixels') expect(value >= 0 && value <= 1).toBe(true)
    })
  }
})

test('a run that was killed while it searched keeps what it had', async () => {
  const whole = optionsOf({ steps: ['complete'], last: 24, workers: 2 })
  await certifyToFile(target, dataset, whole)
  const bytes = readFileSync(whole.out)
  const out = newFile()
  writeFileSync(out, bytes.subarray(0, 0.6 * bytes.length))
  const kept =
    bytes
      .subarray(0, 0.6 * bytes.length)
      .toString()
      .split('\n').length - 2
  expect(kept).toBeGreaterThan(3)
  const summary = await certifyToFile(target, dataset, { ...whole, out, resume: true })
  expect(summary.imagesDone).toBe(24 - kept)
  expect(comparable(out)).toEqual(comparable(whole.out))
  const refused = certifyToFile(target, dataset, { ...whole, resume: true, timeout: 5 })
  await expect(refused).rejects.toThrow(/search is .*"timeout":60.* there, .*"timeout":5/)
})
