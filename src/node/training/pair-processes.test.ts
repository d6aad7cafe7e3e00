import { threads } from '../threads.ts'
import type { ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { readSafetensors } from '../safetensors-file.ts'
import { RunFolder } from './checkpoint.ts'
import { trainingOptions } from '../../training/options.ts'
import type { GivenOptions } from '../../training/settings.ts'
import { loadRunData } from './run-data.ts'
import { type RunOptions, resume, train } from './run.ts'
import type { EpochReport, Progress } from '../../training/epoch-report.ts'
import { type Learner, startLearners } from '../../training/learner.ts'
import { Trainer } from '../../training/trainer.ts'
import { temporaryFolder } from '../temporary.testing.ts'

// Every process that is started, so that tests can kill it.
const started = vi.hoisted((): ChildProcess[] => [])
vi.mock('node:child_process', async (original) => {
  const real = await original<typeof import('node:child_process')>()
  const fork = (...args: Parameters<typeof real.fork>) => {
    started.push(real.fork(...args))
    return started.at(-1)!
  }
  return { ...real, fork }
})
// Several runs of several processes each, on machines that may be busy.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 })

const folder = temporaryFolder()
const at = (...names: string[]) => join(folder, ...names)

const EPOCHS = 2
const optionsOf = (given: GivenOptions = {}) =>
  trainingOptions({
    ...{ method: 'robustra', parallelPair: true, epochs: EPOCHS, batchSize: 8, epsilon: 0.02 },
    ...{ trainingCount: 16, validationCount: 8, ...given },
  })
const runIn = (name: string, run: Partial<RunOptions> = {}): RunOptions => ({ out: at(name), workers: 2, ...run })

/** Tensors by name, as hashes: a diff of all numbers would take minutes. */
type Parts = readonly (readonly [string, string])[]
const hash = (values: Float32Array) => createHash('sha256').update(values).digest('hex')
interface State {
  readonly tensors: Parts
  readonly log: readonly object[]
}
const untimed = (report: EpochReport) => ({ ...report, seconds: 0 })
const partsOf = ({ name, state }: Learner): Parts =>
  (['parameters', 'first', 'second'] as const).map((field) => [`${name}.${field}`, hash(state[field])])

/** What a run's folder says of it. */
function saved(name: string): State {
  const { tensors } = readSafetensors(at(name, 'checkpoint.safetensors'))
  const lines = readFileSync(at(name, 'log.jsonl'), 'utf8').trim().split('\n')
  return {
    tensors: [...tensors].map(([key, { data }]) => [key, hash(Float32Array.from(data))] as const),
    log: lines.map((line) => untimed(JSON.parse(line))),
  }
}

/** The same schedule in one process, one learner after the other, with the other's weights put back for it. */
async function plainly(): Promise<State> {
  const options = optionsOf()
  const data = await loadRunData(options, {})
  const learners = startLearners(options, data.architecture)
  const [f, g] = learners as [Learner, Learner]
  const copy = ({ steps, state }: Learner) => ({ steps, parameters: state.parameters.slice() })
  const put = (learner: Learner, { steps, parameters }: ReturnType<typeof copy>) => {
    learner.steps = steps
    learner.state.parameters.set(parameters)
  }
  const trainer = new Trainer(options, data, learners, threads(1))
  const log: object[] = []
  try {
    for (let epoch = 0; epoch < EPOCHS; epoch++) {
      const before = copy(f)
      log.push(untimed(await trainer.trainLearner(0, epoch)))
      const after = copy(f)
      put(f, before)
      log.push(untimed(await trainer.trainLearner(1, epoch)))
      put(f, after)
    }
  } finally {
    await trainer.close()
  }
  return { tensors: [...partsOf(f), ...partsOf(g)], log }
}

const oneLine = (pattern: RegExp) =>
  expect.objectContaining({ name: 'UserError', message: expect.stringMatching(new RegExp(`^${pattern.source}$`)) })

let expected: State
beforeAll(async () => {
  expected = await plainly()
})
beforeEach(() => {
  started.length = 0
})

describe('a pair in two processes', () => {
  it('has the weights of the same schedule in one process, and a folder like any other', async () => {
    const seen: Progress[] = []
    // f gets two of three workers; the other computation has one for both
    const onProgress = (step: Progress) => {
      seen.push(step)
      // a terminal sends Ctrl-C to all processes, but only the run may answer it
      started.forEach((child) => child.kill('SIGINT'))
    }
    const run = runIn('whole', { workers: 3, onProgress })
    const { reports, best } = await train(optionsOf(), run)
    expect(saved('whole')).toEqual(expected)
    expect(reports.map(untimed)).toEqual(expected.log)
    expect(readdirSync(at('whole')).toSorted()).toEqual(
      [
        ...['best.safetensors', 'checkpoint.safetensors', 'config.json'],
        ...['f.safetensors', 'g.safetensors', 'log.jsonl'],
      ].toSorted(),
    )
    expect(readSafetensors(at('whole', 'best.safetensors')).metadata['network']).toBe(best!.network)
    for (const network of ['f', 'g']) {
      const done = seen.filter((step) => step.network === network).map((step) => [step.epoch, step.done])
      expect(done).toEqual([0, 1].flatMap((epoch) => [8, 16].map((images) => [epoch, images])))
    }
    expect(started.map(({ exitCode }) => exitCode)).toEqual([0, 0])
  })

  it('ends when one is killed, at work or waiting, and goes on without repeating what the other had done', async () => {
    const seen = new Set<string>()
    /** Kills a process as soon as g has made a step; the wait for the outcome includes that both have ended. */
    const killing = (victim: number): Partial<RunOptions> => ({
      onProgress: ({ network, epoch }) => {
        seen.add(`${network} ${epoch}`)
        if (network === 'g') started.at(victim)!.kill('SIGKILL')
      },
    })
    const killed = (name: string) =>
      oneLine(
        new RegExp(`the process that trains ${name} ended \\(killed by SIGKILL\\), so the other was .*--resume.*`),
      )
    await expect(train(optionsOf(), runIn('killed', killing(-1)))).rejects.toThrow(killed('g'))
    expect(started.map(({ exitCode, signalCode }) => exitCode ?? signalCode)).toEqual([0, 'SIGKILL'])

    const stopped = resume(
      runIn('killed', {
        workers: 1,
        onEpoch: () => {
          throw new Error('stopped by the test')
        },
      }),
    )
    await expect(stopped).rejects.toThrow('stopped by the test')
    expect(existsSync(at('killed', 'checkpoint.safetensors'))).toBe(false)

    // f has done its first epoch and waits for g, which has not
    rmSync(at('killed', 'g.checkpoint.safetensors'))
    seen.clear()
    await expect(resume(runIn('killed', killing(-2)))).rejects.toThrow(killed('f'))
    expect([...seen]).toEqual(['g 0'])
    expect(started.slice(-2).map(({ exitCode, signalCode }) => exitCode ?? signalCode)).toEqual(['SIGKILL', 0])

    await resume(runIn('killed', { onProgress: ({ network, epoch }) => seen.add(`${network} ${epoch}`) }))
    expect([...seen].toSorted()).toEqual(['f 1', 'g 0', 'g 1'])
    expect(saved('killed')).toEqual(expected)
  })

  it('is ended by an error of whoever watches', async () => {
    const broken = new Error('broken')
    const fail = () => {
      throw broken
    }
    await expect(train(optionsOf(), runIn('broken', { onProgress: fail }))).rejects.toBe(broken)
    expect(started.map(({ exitCode }) => exitCode)).toEqual([0, 0])
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
    const report = { epoch: 4, network: 'f', loss: 1, seconds: 1 } as EpochReport
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
