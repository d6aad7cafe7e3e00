import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadNetwork } from '../network-file.ts'
import { readSafetensors, writeSafetensors } from '../safetensors-file.ts'
import { type RunOptions, resumeRun, trainRun } from './run.ts'
import { hashOf, smallOptions, stateIn, stopAfter } from './runs.testing.ts'
import { temporaryFolder } from '../temporary.testing.ts'
import { oneLine } from '../../base/one-line.testing.ts'

const folder = temporaryFolder()

const runIn = (name: string, run: Partial<RunOptions> = {}): RunOptions => ({
  out: join(folder, name),
  workers: 2,
  ...run,
})
const state = (name: string) => stateIn(join(folder, name))

describe('a run', () => {
  it('that was stopped anywhere ends as one that never was', async () => {
    const options = smallOptions()
    await trainRun(options, runIn('whole'))
    await expect(trainRun(options, runIn('stopped', stopAfter(2, 'f')))).rejects.toThrow('stopped by the test')
    const { reports } = await resumeRun(runIn('stopped', { workers: 1 }))
    expect(state('stopped')).toEqual(state('whole'))
    expect(reports.map(({ epoch }) => epoch)).toEqual([1, 2])
    expect(readFileSync(join(folder, 'stopped', 'f.safetensors'))).toEqual(
      readFileSync(join(folder, 'whole', 'f.safetensors')),
    )
    expect(readFileSync(join(folder, 'stopped', 'best.safetensors'))).toEqual(
      readFileSync(join(folder, 'whole', 'best.safetensors')),
    )
  })

  it('that a signal stopped within an epoch ends as one that never was', async () => {
    const stop = new AbortController()
    const onProgress = ({ epoch, done }: { epoch: number; done: number }) => {
      if (epoch === 2 && done === 16) stop.abort(new Error('stopped by a signal'))
    }
    const run = runIn('aborted', { signal: stop.signal, onProgress })
    await expect(trainRun(smallOptions(), run)).rejects.toThrow('stopped by a signal')
    expect(state('aborted').log).toHaveLength(1)
    await resumeRun(runIn('aborted'))
    expect(state('aborted')).toEqual(state('whole'))
  })

  it('with batch normalisation, stopped anywhere, ends as one that never was, and saves ordinary weights', async () => {
    const options = smallOptions({ batchNorm: true })
    const { networks } = await trainRun(options, runIn('normalised'))
    await expect(trainRun(options, runIn('stopped normalised', stopAfter(2, 'f')))).rejects.toThrow(
      'stopped by the test',
    )
    await resumeRun(runIn('stopped normalised'))
    expect(state('stopped normalised')).toEqual(state('normalised'))
    const { tensors } = readSafetensors(join(folder, 'normalised', 'checkpoint.safetensors'))
    const [saved] = [loadNetwork(join(folder, 'normalised', 'f.safetensors')).network.parameters]
    expect(hashOf(saved)).toBe(hashOf(tensors.get('f.folded')!.data))
    expect(hashOf(saved)).not.toBe(hashOf(tensors.get('f.parameters')!.data))
    expect(hashOf(networks[0].network.parameters)).toBe(hashOf(saved))
    // one that is done offers the same
    expect(hashOf((await resumeRun(runIn('normalised'))).networks[0].network.parameters)).toBe(hashOf(saved))
  })

  it('with averages, stopped anywhere, ends as one that never was, and saves what they are', async () => {
    const options = smallOptions({ average: 0.9 })
    const { networks } = await trainRun(options, runIn('averaged'))
    await expect(trainRun(options, runIn('stopped averaged', stopAfter(2, 'f')))).rejects.toThrow('stopped by the test')
    await resumeRun(runIn('stopped averaged'))
    expect(state('stopped averaged')).toEqual(state('averaged'))
    const { tensors } = readSafetensors(join(folder, 'averaged', 'checkpoint.safetensors'))
    const saved = (field: string) => hashOf(tensors.get(field)!.data)
    expect(hashOf(networks[0].network.parameters)).toBe(saved('f.average'))
    expect(saved('f.average')).not.toBe(saved('f.parameters'))
  })

  it('of a pair, stopped between f and g, ends as one that never was', async () => {
    const options = smallOptions({ method: 'robustra', epochs: 2, trainingCount: 16 })
    await trainRun(options, runIn('pair'))
    await expect(trainRun(options, runIn('stopped pair', stopAfter(2, 'f')))).rejects.toThrow('stopped by the test')
    await resumeRun(runIn('stopped pair'))
    expect(state('stopped pair')).toEqual(state('pair'))
  })

  it('stopped before its first checkpoint starts again; one that is done stays as it is', async () => {
    await expect(trainRun(smallOptions({ epochs: 1 }), runIn('early', stopAfter(1, 'f')))).rejects.toThrow(
      'stopped by the test',
    )
    expect(existsSync(join(folder, 'early', 'checkpoint.safetensors'))).toBe(false)
    await resumeRun(runIn('early'))
    const before = state('early')
    const { reports } = await resumeRun(runIn('early'))
    expect(state('early')).toEqual(before)
    expect(reports).toHaveLength(1)
  })

  it('whose loss is not finite says so and keeps the checkpoint', async () => {
    await trainRun(smallOptions({ epochs: 1 }), runIn('diverging'))
    const before = state('diverging')
    const path = join(folder, 'diverging', 'config.json')
    writeFileSync(
      path,
      JSON.stringify({ ...smallOptions({ epochs: 3 }), optimiser: 'sgd', learningRate: 1e30, halveEvery: 0 }),
    )
    await expect(resumeRun(runIn('diverging'))).rejects.toThrow(
      oneLine(/is not finite in epoch [23], step \d: .*; the checkpoint after epoch [12] is kept$/),
    )
    const { tensors } = readSafetensors(join(folder, 'diverging', 'checkpoint.safetensors'))
    expect([...tensors.values()].every(({ data }) => data.every(Number.isFinite))).toBe(true)
    expect(state('diverging').log[0]).toEqual(before.log[0])
  })

  it('does not write over anything', async () => {
    writeFileSync(join(folder, 'file'), 'mine')
    await expect((async () => trainRun(smallOptions(), { ...runIn('file') }))()).rejects.toThrow(
      oneLine(/file exists already/),
    )
    await expect((async () => trainRun(smallOptions(), { ...runIn('early') }))()).rejects.toThrow(
      oneLine(/exists already/),
    )
    await expect((async () => trainRun(smallOptions(), { ...runIn('file/below') }))()).rejects.toThrow(oneLine(/below/))
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('mine')
  })

  it('refuses to continue from nothing, or from damaged files', async () => {
    const goOn = (name: string) => (async () => resumeRun(runIn(name)))()
    await expect(goOn('nowhere')).rejects.toThrow(oneLine(/there is no run in/))
    await trainRun(smallOptions({ epochs: 1 }), runIn('damaged'))
    const [config, checkpoint] = ['config.json', 'checkpoint.safetensors'].map((file) =>
      join(folder, 'damaged', file),
    ) as [string, string]
    const [goodConfig, good] = [readFileSync(config), readFileSync(checkpoint)]
    for (const text of ['', '{', 'null', '{"epsilon": 7}', '{"what": 1}']) {
      writeFileSync(config, text)
      expect([
        text,
        await goOn('damaged').then(
          () => 'went on',
          (error: Error) => error.name,
        ),
      ]).toEqual([text, 'UserError'])
    }
    writeFileSync(config, goodConfig)
    for (const length of [0, 100, good.length - 1]) {
      writeFileSync(checkpoint, good)
      truncateSync(checkpoint, length)
      await expect(goOn('damaged')).rejects.toThrow(oneLine(/checkpoint\.safetensors/))
    }
    // weights alone, another network's, and another program's metadata
    writeFileSync(checkpoint, readFileSync(join(folder, 'damaged', 'f.safetensors')))
    await expect(goOn('damaged')).rejects.toThrow(oneLine(/is not a checkpoint of robustra/))
    writeSafetensors(checkpoint, new Map([['f.parameters', { shape: [1], data: new Float32Array(1) }]]), {
      'robustra.checkpoint': JSON.stringify({ epochs: 1, reports: [], steps: { f: 1 } }),
    })
    await expect(goOn('damaged')).rejects.toThrow(oneLine(/does not fit/))
    const { tensors } = readSafetensors((writeFileSync(checkpoint, good), checkpoint))
    for (const state of [
      { epochs: 1, reports: [], steps: null },
      { epochs: 1, reports: [], steps: {} },
    ]) {
      writeSafetensors(checkpoint, tensors, { 'robustra.checkpoint': JSON.stringify(state) })
      expect([
        state,
        await goOn('damaged').then(
          () => 'went on',
          (error: Error) => error.name,
        ),
      ]).toEqual([state, 'UserError'])
    }
  })
})
