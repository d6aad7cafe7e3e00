import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { oneLine } from '../../base/one-line.testing.ts'
import type { EpochReport } from '../../training/epoch-report.ts'
import { readRun } from '../report/read-run.ts'
import { readSafetensors, writeSafetensors } from '../safetensors-file.ts'
import { temporaryFolder } from '../temporary.testing.ts'
import { readEpochRows, writeLog } from './log-file.ts'
import { type RunOptions, resumeRun, trainRun } from './run.ts'
import { smallOptions, stateIn, stopAfter, untimed } from './runs.testing.ts'

const folder = temporaryFolder()
const at = (...names: string[]) => join(folder, ...names)
const runIn = (name: string, run: Partial<RunOptions> = {}): RunOptions => ({ out: at(name), workers: 1, ...run })
const lines = (path: string) => readFileSync(path, 'utf8').trimEnd().split('\n')
const rowsIn = (name: string): EpochReport[] => lines(at(name, 'log.jsonl')).map((line) => JSON.parse(line))

/** Makes a run's folder what an older version would have written. */
function makeOld(name: string): void {
  const old = ({ epoch, ...rest }: EpochReport) => ({
    ...{ ...rest, trainingError: undefined, elapsed: undefined },
    epoch: epoch - 1,
  })
  const path = at(name, 'checkpoint.safetensors')
  const { tensors, metadata } = readSafetensors(path)
  const state = JSON.parse(metadata['robustra.checkpoint']!)
  const reports = state.reports.map(old)
  const best = { ...state.best, epoch: state.best.epoch - 1 }
  writeSafetensors(path, tensors, { 'robustra.checkpoint': JSON.stringify({ ...state, reports, best }) })
  writeFileSync(at(name, 'log.jsonl'), reports.map((row: object) => `${JSON.stringify(row)}\n`).join(''))
}

describe('the log of a run', () => {
  it('counts epochs from 1, and says what the network got wrong of the training images, and when', async () => {
    const images = 24
    const { reports } = await trainRun(smallOptions({ epochs: 3 }), runIn('whole'))
    expect(rowsIn('whole')).toEqual(reports)
    expect(reports.map(({ epoch }) => epoch)).toEqual([1, 2, 3])
    for (const { trainingError } of reports) expect((trainingError * images) % 1).toBeCloseTo(0, 9)
    expect(reports[2].trainingError).toBeLessThan(reports[0].trainingError)
    const times = reports.map(({ elapsed }) => elapsed)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    const summed = reports.reduce((sum, { seconds }) => sum + seconds, 0)
    expect(times[2]).toBeGreaterThanOrEqual(summed)
  })

  it('is also a table, also after the run was stopped and resumed', async () => {
    await expect(trainRun(smallOptions({ epochs: 3 }), runIn('stopped', stopAfter(2)))).rejects.toThrow('by the test')
    const [first] = rowsIn('stopped')
    await resumeRun(runIn('stopped'))
    expect(rowsIn('stopped').map(untimed)).toEqual(rowsIn('whole').map(untimed))
    expect(rowsIn('stopped')[1].elapsed).toBeGreaterThan(first.elapsed)
    const [head, ...rows] = lines(at('stopped', 'log.csv')).map((line) => line.split(','))
    const column = (name: string) => rows.map((row) => row[head!.indexOf(name)])
    const logged = rowsIn('stopped')
    expect(column('epoch')).toEqual(['1', '2', '3'])
    expect(column('network')).toEqual(['f', 'f', 'f'])
    expect(column('training_error').map(Number)).toEqual(logged.map(({ trainingError }) => trainingError))
    expect(column('certified_error').map(Number)).toEqual(logged.map(({ certifiedError }) => certifiedError))
    expect(column('elapsed').map(Number)).toEqual(logged.map(({ elapsed }) => elapsed))
    expect(column('t')).toEqual(['', '', ''])
  })

  it('is what the checkpoint says, whatever a crash has made of it', async () => {
    await expect(trainRun(smallOptions({ epochs: 3 }), runIn('torn', stopAfter(3)))).rejects.toThrow('by the test')
    const path = at('torn', 'log.jsonl')
    const whole = readFileSync(path)
    for (const harm of [
      () => appendFileSync(path, '{"epoch":3,"netw'),
      () => appendFileSync(path, `${JSON.stringify({ ...rowsIn('torn')[1], epoch: 3 })}\n`),
      () => truncateSync(path, whole.length - 20),
      () => truncateSync(path, 0),
      () => writeFileSync(path, 'nonsense\n'),
      () => truncateSync(at('torn', 'log.csv'), 30),
    ]) {
      harm()
      await expect(resumeRun(runIn('torn', stopAfter(3)))).rejects.toThrow('by the test')
      expect(readFileSync(path).equals(whole)).toBe(true)
      expect(lines(at('torn', 'log.csv'))).toHaveLength(3)
    }
  })

  it('of a run that has no checkpoint is removed', async () => {
    await expect(trainRun(smallOptions(), runIn('early', stopAfter(1)))).rejects.toThrow('by the test')
    writeFileSync(at('early', 'log.jsonl'), '{"epo')
    await expect(resumeRun(runIn('early', stopAfter(1)))).rejects.toThrow('by the test')
    expect(existsSync(at('early', 'log.jsonl'))).toBe(false)
  })
})

describe('a run of an older version, which counted from 0', () => {
  it('continues, and counts from 1', async () => {
    await expect(trainRun(smallOptions({ epochs: 3 }), runIn('old', stopAfter(3)))).rejects.toThrow('by the test')
    const before = rowsIn('old')
    makeOld('old')
    expect(readRun(at('old')).log.map(({ epoch }) => epoch)).toEqual([1, 2])
    const { reports, best } = await resumeRun(runIn('old'))
    expect(stateIn(at('old')).tensors).toEqual(stateIn(at('whole')).tensors)
    expect(reports.map(({ epoch }) => epoch)).toEqual([1, 2, 3])
    expect(rowsIn('old')).toEqual(JSON.parse(JSON.stringify(reports)))
    expect(reports[2].elapsed).toBeGreaterThan(before[0].seconds + before[1].seconds)
    const chosen = reports.find(({ epoch }) => epoch === best!.epoch)!
    expect(chosen.certifiedError).toBe(Math.min(...reports.map(({ certifiedError }) => certifiedError!)))
    // once more, when the checkpoint counts from 1
    expect((await resumeRun(runIn('old'))).reports).toEqual(JSON.parse(JSON.stringify(reports)))
  })
})

describe('rows of epochs', () => {
  const read = (text: string) => {
    writeFileSync(at('rows.jsonl'), text)
    return readEpochRows(at('rows.jsonl'), (value) => {
      if (typeof (value as { epoch: unknown }).epoch !== 'number') throw new Error('no epoch')
      return value as { readonly epoch: number }
    }).map(({ epoch }) => epoch)
  }

  it('may have a torn last line, but no other', () => {
    expect(read('{"epoch":1}\n{"epoch":2}\n{"epo')).toEqual([1, 2])
    expect(read('{"epoch":1}\n{"epoch":2}')).toEqual([1, 2])
    expect(read('{"epoch":0}\n{"epoch":0}\n{"epoch":1}\n')).toEqual([1, 1, 2])
    expect(read('')).toEqual([])
    expect(() => read('{"epoch":1}\n{"epo\n{"epoch":3}\n')).toThrow(oneLine(/rows.jsonl is damaged: line 2/))
  })

  it('of no epoch make no log', () => {
    writeLog(folder, [])
    expect(existsSync(at('log.jsonl'))).toBe(false)
  })
})
