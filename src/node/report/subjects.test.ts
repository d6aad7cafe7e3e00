import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { UserError } from '../../base/errors.ts'
import { saveAnyNetwork } from '../any-network.ts'
import { saveNetwork } from '../network-file.ts'
import { logRow, network, writeCertificates, writeRun } from '../../report/report.testing.ts'
import { readSubjects } from './subjects.ts'
import { temporaryFolder } from '../temporary.testing.ts'

const folder = temporaryFolder()
const emptyFolder = temporaryFolder()
let certificates: string
let run: string
beforeAll(async () => {
  certificates = await writeCertificates(join(folder, 'lp.jsonl'), ['clean', 'lp'])
})
beforeEach(() => {
  rmSync(join(folder, 'run'), { recursive: true, force: true })
  run = writeRun(folder, 'run')
})

test('a run with its settings, log, networks, and the certificates in its folder', () => {
  copyFileSync(certificates, join(run, 'exact.jsonl'))
  writeFileSync(join(run, 'other.jsonl'), '{"a":1}\n')
  const [subject, ...others] = readSubjects([run])
  expect(others).toEqual([])
  expect(subject).toMatchObject({ name: 'run', run: { settings: { epsilon: 0.05, seed: 7 } } })
  expect(subject!.run!.log).toHaveLength(4)
  expect(subject!.run!.networks.map(({ name }) => name)).toEqual(['f, epoch 2', 'f, epoch 2'])
  expect(subject!.certificates.map(({ name, known }) => [name, known?.name])).toEqual([['exact', 'f, epoch 2']])
})

test('a folder of runs stands for its runs, and for the certificates beside them', () => {
  const several = join(folder, 'several')
  mkdirSync(several)
  writeRun(several, 'seed-2')
  writeRun(several, 'seed-1')
  mkdirSync(join(several, 'notes'))
  copyFileSync(certificates, join(several, 'lp.jsonl'))
  const subjects = readSubjects([several, join(several, 'seed-1')])
  expect(subjects.map(({ name, certificates }) => [name, certificates.length])).toEqual([
    ['seed-1', 1],
    ['seed-2', 0],
  ])
})

test('certificates elsewhere are put with the run that their network is of; others stand alone', () => {
  const together = readSubjects([certificates, run])
  expect(together.map(({ name, certificates }) => [name, certificates.length])).toEqual([['run', 1]])
  const [alone] = readSubjects([certificates])
  expect(alone).toMatchObject({ name: 'lp', run: undefined, certificates: [{ known: undefined }] })
})

test('the network of lone certificates is found beside them, or given, in a file of any format', () => {
  const deep = join(folder, 'deep')
  mkdirSync(deep)
  copyFileSync(certificates, join(deep, 'lp.jsonl'))
  writeFileSync(join(deep, 'broken.safetensors'), 'x')
  expect(readSubjects([join(deep, 'lp.jsonl')])[0].certificates[0].known).toBeUndefined()
  saveNetwork(join(deep, 'net.safetensors'), network)
  expect(readSubjects([join(deep, 'lp.jsonl')])[0].certificates[0].known?.path).toBe(join(deep, 'net.safetensors'))
  for (const extension of ['safetensors', 'npz']) {
    const elsewhere = join(folder, `elsewhere.${extension}`)
    saveAnyNetwork(elsewhere, network)
    expect(readSubjects([certificates], [elsewhere])[0].certificates[0].known?.path).toBe(elsewhere)
  }
})

test('what is given twice counts once; equal names are told apart by their paths', () => {
  const inner = join(folder, 'inner')
  mkdirSync(inner)
  const other = writeRun(inner, 'run')
  expect(readSubjects([run, other, `${run}/`]).map(({ name }) => name)).toEqual([run, other])
})

test('a run that has only begun, and settings of other versions', () => {
  for (const file of ['log.jsonl', 'best.safetensors', 'f.safetensors']) rmSync(join(run, file))
  writeFileSync(join(run, 'config.json'), '{"dataset":"fashion","futuristic":3,"epochs":2}')
  expect(readSubjects([run])[0].run).toMatchObject({
    settings: { futuristic: 3 },
    defaults: {},
    log: [],
    networks: [],
  })
})

test('settings that a version did not know yet have their defaults', () => {
  writeFileSync(join(run, 'config.json'), '{"dataset":"mnist","architecture":"mnist-small","epochs":3,"epsilon":0.3}')
  const { settings, defaults } = readSubjects([run])[0].run!
  expect(settings).toMatchObject({ norm: 'linf', bounds: 'exact', epochs: 3, dataset: 'mnist' })
  expect(defaults).toMatchObject({ epochs: 10, dataset: 'synthetic', architecture: 'mnist-small', rampEpochs: 0.6 })
})

test.each([
  ['a path that is not there', () => ['nowhere'], 'there is no nowhere'],
  ['a folder that is no run', () => [emptyFolder], 'is not the folder of a run'],
  ['nothing', () => [], 'no run'],
  ['too many', () => Array.from({ length: 9 }, (_, i) => writeRun(folder, `many${i}`)), 'at most 8 runs, not 9'],
  ['a damaged config', () => (writeFileSync(join(run, 'config.json'), '{'), [run]), 'config.json is damaged'],
  ['a config that is a list', () => (writeFileSync(join(run, 'config.json'), '[]'), [run]), 'settings by name'],
  [
    'a damaged log',
    () => (writeFileSync(join(run, 'log.jsonl'), `${JSON.stringify(logRow(1, 'f'))}\n{"epoch":2}\n`), [run]),
    'log.jsonl is damaged: line 2',
  ],
])('refuses %s', (_name, paths, why) => {
  const given = paths()
  expect(() => readSubjects(given)).toThrow(UserError)
  expect(() => readSubjects(given)).toThrow(why)
})
