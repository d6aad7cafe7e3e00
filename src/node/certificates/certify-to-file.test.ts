import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadDataset } from '../data/load-dataset.ts'
import { UserError } from '../../base/errors.ts'
import { packageVersion } from '../../base/version.ts'
import { architectureNamed } from '../../model/architectures.ts'
import { initialise } from '../../model/initialise.ts'
import { type CertifyFileOptions, certifyToFile } from './certify-to-file.ts'
import { targetOf } from './target-file.ts'
import { comparable, dataset, linesOf, network, target, temporaryFiles } from './certificates.testing.ts'
import type { CertifyRow } from '../../ladder/rows.ts'

const { folder, newFile, optionsOf } = temporaryFiles()

test.each(['pixels', 'unbounded'] as const)('one row per image, streamed; the summary agrees: %s', async (domain) => {
  const rows: CertifyRow[] = []
  const progress: number[] = []
  const onRow = (row: CertifyRow) => rows.push(row)
  const options = optionsOf({ domain, onRow, onProgress: (done) => progress.push(done) })
  const summary = await certifyToFile(target, dataset, options)
  const [header, ...written] = linesOf(options.out)
  expect(written).toEqual(rows)
  expect(rows.map(({ index }) => index)).toEqual(Array.from({ length: 50 }, (_, i) => i))
  expect(progress).toEqual(Array.from({ length: 51 }, (_, i) => i))
  expect(header).toMatchObject({ format: 'robustra certificates', version: 2, epsilon: 0.05, domain })
  const by = (method: string, verdict: string) =>
    rows.filter(({ result }) => result.verdict === verdict && 'method' in result && result.method === method).length
  const [wrong, attacked] = [by('clean', 'vulnerable'), by('pgd', 'vulnerable')]
  const [interval, lp] = [by('interval', 'robust'), by('lp', 'robust')]
  expect(Math.min(wrong, attacked, interval, lp)).toBeGreaterThan(0)
  const undecided = 50 - wrong - attacked - interval - lp
  expect(summary).toMatchObject({
    ...{ images: 50, imagesDone: 50, first: 0, last: 50, epsilon: 0.05, domain },
    clean: { errors: wrong, error: wrong / 50, tried: 50, settled: wrong },
    pgd: { errors: wrong + attacked, tried: 50 - wrong - interval - lp, settled: attacked },
    interval: { errors: 50 - interval, tried: 50 - wrong, settled: interval },
    lp: { errors: 50 - interval - lp, tried: 50 - wrong - interval, settled: lp },
    ...{ robust: interval + lp, vulnerable: wrong + attacked, undecided, reasons: { incomplete: undecided } },
    robustError: { least: (wrong + attacked) / 50, most: (50 - interval - lp) / 50 },
  })
  expect(summary.lp!.seconds).toBeCloseTo(summary.lp!.tried * summary.lp!.secondsPerImage, 9)
  rows.forEach((row) => expect(row.label).toBe(dataset.labels[row.index]))
})

test('a step of the ladder may be left out', async () => {
  const [all, lp] = [optionsOf(), optionsOf({ steps: ['lp'] })]
  const whole = await certifyToFile(target, dataset, all)
  const alone = await certifyToFile(target, dataset, lp)
  expect(alone.lp!.errors).toBe(whole.lp!.errors)
  expect(alone.lp!.tried).toBe(50 - whole.clean.errors)
  expect([alone.pgd, alone.interval]).toEqual([undefined, undefined])
})

test('workers do not matter, and a range gives the rows of the whole', async () => {
  const [one, three, part] = [optionsOf(), optionsOf({ workers: 3 }), optionsOf({ first: 13, last: 42, workers: 2 })]
  for (const options of [one, three, part]) await certifyToFile(target, dataset, options)
  expect(comparable(three.out)).toEqual(comparable(one.out))
  expect(comparable(part.out).slice(1)).toEqual(comparable(one.out).slice(14, 43))
})

describe('resuming', () => {
  test('after a kill at any byte the file becomes that of an uninterrupted run', async () => {
    const whole = optionsOf({ steps: ['interval'] })
    await certifyToFile(target, dataset, whole)
    const bytes = readFileSync(whole.out)
    const header = bytes.indexOf('\n') + 1
    const middle = bytes.indexOf('\n', bytes.length / 2) + 1
    const offsets = [
      0,
      1,
      header - 1,
      header,
      header + 1,
      middle - 1,
      middle,
      middle + 30,
      bytes.length - 1,
      bytes.length,
    ]
    for (const offset of offsets) {
      const out = newFile()
      writeFileSync(out, bytes.subarray(0, offset))
      const already = Math.max(0, bytes.subarray(0, offset).toString().split('\n').length - 2)
      const seen: number[] = []
      const onRow = ({ index }: CertifyRow) => seen.push(index)
      const summary = await certifyToFile(target, dataset, { ...whole, out, resume: true, workers: 2, onRow })
      expect(comparable(out)).toEqual(comparable(whole.out))
      expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 - already }, (_, i) => already + i))
      expect([summary.images, summary.imagesDone]).toEqual([50, 50 - already])
      // what was there is kept byte for byte
      const kept = bytes.subarray(0, bytes.subarray(0, offset).lastIndexOf('\n') + 1)
      expect(readFileSync(out).subarray(0, kept.length).equals(kept)).toBe(true)
    }
  })

  test('without a file it starts one; another range adds what is missing, in any order', async () => {
    const part = optionsOf({ last: 30, resume: true, steps: ['interval'] })
    await certifyToFile(target, dataset, part)
    const summary = await certifyToFile(target, dataset, { ...part, last: 50 })
    expect([summary.images, summary.imagesDone]).toEqual([50, 20])
    const again = await certifyToFile(target, dataset, { ...part, last: 10 })
    expect([again.images, again.imagesDone]).toEqual([10, 0])
    expect(linesOf(part.out)).toHaveLength(51)
    const middle = optionsOf({ first: 20, last: 30, resume: true, steps: ['interval'] })
    await certifyToFile(target, dataset, middle)
    const around = await certifyToFile(target, dataset, { ...middle, first: 0, last: 50 })
    expect([around.images, around.imagesDone]).toEqual([50, 40])
    expect(comparable(middle.out)).toEqual(comparable(part.out))
  })

  test('a file of another run is refused and left alone', async () => {
    const options = optionsOf({ last: 8, steps: ['pgd'] })
    await certifyToFile(target, dataset, options)
    const before = readFileSync(options.out, 'utf8')
    const refuse = async (over: Partial<CertifyFileOptions>, message: RegExp, net = network, data = dataset) => {
      const run = certifyToFile(targetOf(net), data, { ...options, resume: true, ...over })
      await expect(run).rejects.toThrow(UserError)
      await expect(run).rejects.toThrow(message)
      expect(readFileSync(options.out, 'utf8')).toBe(before)
    }
    await refuse({ resume: false }, /exists already/)
    await refuse({ epsilon: 0.06 }, /epsilon is 0.05 there, 0.06 here/)
    await refuse({ steps: ['pgd', 'lp'] }, /methods/)
    await refuse({ domain: 'unbounded' }, /domain is "pixels" there, "unbounded" here/)
    await refuse({ seed: 1 }, /attack/)
    await refuse({ pgd: { steps: 9 } }, /attack/)
    await refuse({}, /network/, { ...network, parameters: network.parameters.map((w, i) => (i === 5 ? w + 0.1 : w)) })
    const images = new Uint8Array(new SharedArrayBuffer(dataset.images.length))
    await refuse({}, /dataset/, network, { ...dataset, images })
  })

  test('foreign and damaged files are refused and left alone', async () => {
    const whole = optionsOf({ last: 8, steps: ['interval'] })
    await certifyToFile(target, dataset, whole)
    const lines = readFileSync(whole.out, 'utf8').split('\n')
    const refuse = async (content: string, message: RegExp) => {
      const out = newFile()
      writeFileSync(out, content)
      const run = certifyToFile(target, dataset, { ...whole, out, resume: true })
      await expect(run).rejects.toThrow(UserError)
      await expect(run).rejects.toThrow(message)
      expect(readFileSync(out, 'utf8')).toBe(content)
    }
    await refuse('my notes', /not a file of certificates/)
    await refuse('my notes\n', /not a file of certificates/)
    await refuse('{"format":"something else"}\n', /not a file of certificates/)
    await refuse(lines.toSpliced(3, 0, lines[2]).join('\n'), /lines 3 and 4 are both of image 1/)
    await refuse(
      lines.with(0, lines[0].replace('"version":2', '"version":1')).join('\n'),
      /is of version 1 .* writes version \d+$/,
    )
    const version = `"robustra":"${packageVersion}",`
    expect(lines[0]).toContain(version)
    const begunBy = (text: string) => lines.with(0, lines[0].replace(version, text)).join('\n')
    await refuse(
      begunBy('"robustra":"0.2.9",'),
      /was started by robustra 0\.2\.9, which can finish it, and this is .*, which may/,
    )
    await refuse(
      begunBy(''),
      /was started by an older robustra, which can finish it, and this is .*, which may decide images differently$/,
    )
    await refuse(lines.with(3, lines[3].slice(0, -5)).join('\n'), /line 4 is not a row/)
    await refuse(lines.with(3, lines[3].replace('"label"', '"lable"')).join('\n'), /line 4 is not a row/)
  })
})

test('what a caller or the disk throws ends the run with the rows that were written', async () => {
  const options = optionsOf({
    workers: 3,
    onRow: () => {
      throw new Error('enough')
    },
  })
  await expect(certifyToFile(target, dataset, options)).rejects.toThrow('enough')
  expect(linesOf(options.out).length).toBeLessThan(51)
  await certifyToFile(target, dataset, { ...options, onRow: undefined, resume: true })
  expect(linesOf(options.out).length).toBe(51)
})

test('a signal ends the run with the rows that were written, and another run continues', async () => {
  const controller = new AbortController()
  const onRow = () => controller.abort(new Error('stopped'))
  const options = optionsOf({ steps: ['lp'], signal: controller.signal, onRow })
  await expect(certifyToFile(target, dataset, options)).rejects.toThrow('stopped')
  const { length } = linesOf(options.out)
  expect(length).toBeGreaterThan(1)
  expect(length).toBeLessThan(51)
  const { imagesDone } = await certifyToFile(
    target,
    dataset,
    optionsOf({ steps: ['lp'], out: options.out, resume: true }),
  )
  expect(imagesDone).toBe(51 - length)
})

test('bad input is refused before a file is made', async () => {
  const refuse = async (over: Partial<CertifyFileOptions>, message: RegExp, data = dataset) => {
    const options = optionsOf(over)
    const run = certifyToFile(target, data, options)
    await expect(run).rejects.toThrow(UserError)
    await expect(run).rejects.toThrow(message)
    expect(existsSync(options.out)).toBe(false)
  }
  await refuse({ epsilon: -1 }, /ε/)
  await refuse({ workers: 0 }, /workers/)
  await refuse({ first: 20, last: 51 }, /0 to 49/)
  await refuse({ steps: [] }, /no method/)
  await refuse({ steps: ['lpp' as 'lp'] }, /did you mean 'lp'/)
  await refuse({ pgd: { steps: 0 } }, /steps/)
  await refuse({ domain: 'pixel' as 'pixels' }, /did you mean 'pixels'/)
  await refuse({ search: 'mlp' as 'milp' }, /did you mean 'milp'/)
  for (const timeout of [0, -1, NaN, Infinity]) await refuse({ timeout }, /timeout must be a positive number/)
  await refuse({}, /takes 6×6|1×6×6/, await loadDataset('synthetic', 'test'))
  await expect(certifyToFile(target, dataset, optionsOf({ out: folder, resume: true }))).rejects.toThrow(
    /not a regular file/,
  )
  await refuse({ out: join(folder, 'nowhere', 'rows.jsonl') }, /no folder/)
})

test('mnist-small on synthetic digits', async () => {
  const data = await loadDataset('synthetic', 'test')
  const options = optionsOf({ epsilon: 0.01, last: 24, workers: 2 })
  const summary = await certifyToFile(targetOf(initialise(architectureNamed('mnist-small'), 0)), data, options)
  expect(summary.lp!.errors).toBeGreaterThanOrEqual(summary.pgd!.errors)
  expect(summary.images).toBe(24)
})
