import { createHash } from 'node:crypto'
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadNetwork } from '../any-network.ts'
import { readSafetensors, writeSafetensors } from '../safetensors-file.ts'
import { trainingOptions } from '../../training/options.ts'
import type { GivenOptions } from '../../training/settings.ts'
import { type RunOptions, resume, train } from './run.ts'
import { temporaryFolder } from '../temporary.testing.ts'
import { oneLine } from '../../base/one-line.testing.ts'

const folder = temporaryFolder()

const optionsOf = (given: GivenOptions = {}) =>
  trainingOptions({
    method: 'natural',
    epochs: 2,
    batchSize: 8,
    trainingCount: 24,
    validationCount: 8,
    epsilon: 0.02,
    ...given,
  })
const runIn = (name: string, run: Partial<RunOptions> = {}): RunOptions => ({
  out: join(folder, name),
  workers: 2,
  ...run,
})

/** A diff of all numbers would take minutes. */
const hash = (values: Float32Array) => createHash('sha256').update(values).digest('hex')

/** Every tensor of a run's checkpoint, by its hash, and its log without times. */
function state(name: string) {
  const { tensors } = readSafetensors(join(folder, name, 'checkpoint.safetensors'))
  const log = readFileSync(join(folder, name, 'log.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => ({ ...JSON.parse(line), seconds: 0 }))
  return { tensors: [...tensors].map(([key, { data }]) => [key, hash(data as Float32Array)] as const), log }
}

const stopAfter = (epoch: number, network: string): Partial<RunOptions> => ({
  onEpoch: (report) => {
    if (report.epoch === epoch && report.network === network) throw new Error('stopped by the test')
  },
})

describe('a run', () => {
  it('that was stopped anywhere ends as one that never was', async () => {
    const options = optionsOf()
    await train(options, runIn('whole'))
    await expect(train(options, runIn('stopped', stopAfter(1, 'f')))).rejects.toThrow('stopped by the test')
    const { reports } = await resume(runIn('stopped', { workers: 1 }))
    expect(state('stopped')).toEqual(state('whole'))
    expect(reports.map(({ epoch }) => epoch)).toEqual([0, 1])
    expect(readFileSync(join(folder, 'stopped', 'f.safetensors'))).toEqual(
      readFileSync(join(folder, 'whole', 'f.safetensors')),
    )
    expect(readFileSync(join(folder, 'stopped', 'best.safetensors'))).toEqual(
      readFileSync(join(folder, 'whole', 'best.safetensors')),
    )
  })

  it('with batch normalisation, stopped anywhere, ends as one that never was, and saves ordinary weights', async () => {
    const options = optionsOf({ batchNorm: true })
    const { networks } = await train(options, runIn('normalised'))
    await expect(train(options, runIn('stopped normalised', stopAfter(1, 'f')))).rejects.toThrow('stopped by the test')
    await resume(runIn('stopped normalised'))
    expect(state('stopped normalised')).toEqual(state('normalised'))
    const { tensors } = readSafetensors(join(folder, 'normalised', 'checkpoint.safetensors'))
    const [saved] = [loadNetwork(join(folder, 'normalised', 'f.safetensors')).network.parameters]
    expect(hash(saved)).toBe(hash(tensors.get('f.folded')!.data as Float32Array))
    expect(hash(saved)).not.toBe(hash(tensors.get('f.parameters')!.data as Float32Array))
    expect(hash(networks[0].network.parameters)).toBe(hash(saved))
    // one that is done offers the same
    expect(hash((await resume(runIn('normalised'))).networks[0].network.parameters)).toBe(hash(saved))
  })

  it('with averages, stopped anywhere, ends as one that never was, and saves what they are', async () => {
    const options = optionsOf({ average: 0.9 })
    const { networks } = await train(options, runIn('averaged'))
    await expect(train(options, runIn('stopped averaged', stopAfter(1, 'f')))).rejects.toThrow('stopped by the test')
    await resume(runIn('stopped averaged'))
    expect(state('stopped averaged')).toEqual(state('averaged'))
    const { tensors } = readSafetensors(join(folder, 'averaged', 'checkpoint.safetensors'))
    const hashOf = (field: string) => hash(tensors.get(field)!.data as Float32Array)
    expect(hash(networks[0].network.parameters)).toBe(hashOf('f.average'))
    expect(hashOf('f.average')).not.toBe(hashOf('f.parameters'))
  })

  it('of a pair, stopped between f and g, ends as one that never was', async () => {
    const options = optionsOf({ method: 'robustra', epochs: 2, trainingCount: 16 })
    await train(options, runIn('pair'))
    await expect(train(options, runIn('stopped pair', stopAfter(1, 'f')))).rejects.toThrow('stopped by the test')
    await resume(runIn('stopped pair'))
    expect(state('stopped pair')).toEqual(state('pair'))
  })

  it('stopped before its first checkpoint begins anew; one that is done stays as it is', async () => {
    await expect(train(optionsOf({ epochs: 1 }), runIn('early', stopAfter(0, 'f')))).rejects.toThrow(
      'stopped by the test',
    )
    expect(existsSync(join(folder, 'early', 'checkpoint.safetensors'))).toBe(false)
    await resume(runIn('early'))
    const before = state('early')
    const { reports } = await resume(runIn('early'))
    expect(state('early')).toEqual(before)
    expect(reports).toHaveLength(1)
  })

  it('whose loss is not finite says so and keeps the last checkpoint', async () => {
    await train(optionsOf({ epochs: 1 }), runIn('diverging'))
    const before = state('diverging')
    const path = join(folder, 'diverging', 'config.json')
    writeFileSync(
      path,
      JSON.stringify({ ...optionsOf({ epochs: 3 }), optimiser: 'sgd', learningRate: 1e30, halveEvery: 0 }),
    )
    await expect(resume(runIn('diverging'))).rejects.toThrow(
      oneLine(/is not finite in epoch [23], step \d: .*the last checkpoint is kept/),
    )
    const { tensors } = readSafetensors(join(folder, 'diverging', 'checkpoint.safetensors'))
    expect([...tensors.values()].every(({ data }) => (data as Float32Array).every(Number.isFinite))).toBe(true)
    expect(state('diverging').log[0]).toEqual(before.log[0])
  })

  it('does not write over anything', async () => {
    writeFileSync(join(folder, 'file'), 'mine')
    await expect((async () => train(optionsOf(), { ...runIn('file') }))()).rejects.toThrow(
      oneLine(/file exists already: choose another --out/),
    )
    await expect((async () => train(optionsOf(), { ...runIn('early') }))()).rejects.toThrow(oneLine(/exists already/))
    await expect((async () => train(optionsOf(), { ...runIn('file/below') }))()).rejects.toThrow(oneLine(/below/))
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('mine')
  })

  it('refuses to go on from nothing, or from what is damaged', async () => {
    const goOn = (name: string) => (async () => resume(runIn(name)))()
    await expect(goOn('nowhere')).rejects.toThrow(oneLine(/there is no run in/))
    await train(optionsOf({ epochs: 1 }), runIn('damaged'))
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
    // weights alone, another network's, and metadata of somebody else's
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
