/** A pair that is trained side by side, in a folder. */
import { existsSync, readdirSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { oneLine } from '../../base/one-line.testing.ts'
import type { EpochReport, Progress } from '../../training/epoch-report.ts'
import { type Learner, startLearners } from '../../training/learner.ts'
import type { GivenOptions } from '../../training/settings.ts'
import { train } from '../../training/train.ts'
import { readSafetensors } from '../safetensors-file.ts'
import { temporaryFolder } from '../temporary.testing.ts'
import { RunFolder } from './checkpoint.ts'
import { loadRunData } from './run-data.ts'
import { type RunOptions, resumeRun, trainRun } from './run.ts'
import { hashOf, smallOptions, stateIn, stopAfter, untimed } from './runs.testing.ts'

const folder = temporaryFolder()
const at = (...names: string[]) => join(folder, ...names)

const optionsOf = (given: GivenOptions = {}) =>
  smallOptions({ method: 'robustra', parallelPair: true, trainingCount: 16, ...given })
const runIn = (name: string, run: Partial<RunOptions> = {}): RunOptions => ({ out: at(name), workers: 2, ...run })

const partsOf = ({ name, state }: Learner) =>
  (['parameters', 'first', 'second'] as const).map((field) => [`${name}.${field}`, hashOf(state[field])] as const)

/** The same training without a folder, in one thread. */
async function plainly(): Promise<ReturnType<typeof stateIn>> {
  const options = optionsOf()
  let end: ReturnType<typeof stateIn> = { tensors: [], log: [] }
  for await (const { state } of train(options, await loadRunData(options, {}))) {
    end = { tensors: state.learners.flatMap(partsOf), log: state.reports.map(untimed) }
  }
  return end
}

let expected: ReturnType<typeof stateIn>
beforeAll(async () => {
  expected = await plainly()
})

describe('a pair side by side', () => {
  it('has the weights of one thread, and a folder like any other', async () => {
    const seen: Progress[] = []
    // f gets two of three workers; the other computation has one for both
    const run = runIn('whole', { workers: 3, onProgress: (step) => seen.push(step) })
    const { reports, best } = await trainRun(optionsOf(), run)
    expect(stateIn(at('whole'))).toEqual(expected)
    expect(reports.map(untimed)).toEqual(expected.log)
    expect(readdirSync(at('whole')).toSorted()).toEqual(
      [
        ...['best.safetensors', 'checkpoint.safetensors', 'config.json'],
        ...['f.safetensors', 'g.safetensors', 'log.csv', 'log.jsonl'],
      ].toSorted(),
    )
    expect(readSafetensors(at('whole', 'best.safetensors')).metadata['network']).toBe(best!.network)
    for (const network of ['f', 'g']) {
      const done = seen.filter((step) => step.network === network).map((step) => [step.epoch, step.done])
      expect(done).toEqual([1, 2].flatMap((epoch) => [8, 16].map((images) => [epoch, images])))
    }
  })

  it('stopped at any moment, continues without repeating what one of them had done', async () => {
    const stop = new AbortController()
    const onProgress = () => stop.abort(new Error('stopped at work'))
    const run = runIn('stopped', { signal: stop.signal, onProgress })
    await expect(trainRun(optionsOf(), run)).rejects.toThrow('stopped at work')
    expect(readdirSync(at('stopped'))).toEqual(['config.json'])

    // both have done their first epoch, but that is not saved as a whole
    const saving = runIn('stopped', { workers: 1, ...stopAfter(1) })
    await expect(resumeRun(saving)).rejects.toThrow('stopped by the test')
    expect(existsSync(at('stopped', 'checkpoint.safetensors'))).toBe(false)

    // f has done its first epoch, and g has not
    rmSync(at('stopped', 'g.checkpoint.safetensors'))
    const seen = new Set<string>()
    await resumeRun(runIn('stopped', { onProgress: ({ network, epoch }) => seen.add(`${network} ${epoch}`) }))
    expect([...seen].toSorted()).toEqual(['f 2', 'g 1', 'g 2'])
    expect(stateIn(at('stopped'))).toEqual(expected)
  })

  it('is ended by an error of the one who watches', async () => {
    const broken = new Error('broken')
    const fail = () => {
      throw broken
    }
    await expect(trainRun(optionsOf(), runIn('broken', { onProgress: fail }))).rejects.toBe(broken)
  })
})

describe('the checkpoint of one learner', () => {
  it('puts back its own epoch only, and says when it is damaged', async () => {
    const run = new RunFolder(at('single'))
    run.create(optionsOf())
    const { architecture } = await loadRunData(optionsOf(), {})
    const [f, other] = [0, 1].map(() => startLearners(optionsOf(), architecture)[0]) as [Learner, Learner]
    f.state.parameters.fill(3)
    f.state.second.fill(2)
    f.steps = 12
    const report = { epoch: 5, network: 'f', loss: 1, seconds: 1 } as EpochReport
    run.saveLearner(f, report)
    const before = partsOf(other)
    expect(run.restoreLearner(other, 4)).toBeUndefined()
    expect(run.restoreLearner(other, 6)).toBeUndefined()
    expect([partsOf(other), other.steps]).toEqual([before, 0])
    expect(run.restoreLearner(other, 5)).toEqual(report)
    expect([partsOf(other), other.steps]).toEqual([partsOf(f), 12])
    truncateSync(at('single', 'f.checkpoint.safetensors'), 5000)
    expect(() => run.restoreLearner(other, 5)).toThrow(oneLine(/.*f\.checkpoint\.safetensors.*/))
  })
})
