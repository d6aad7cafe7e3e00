/**
 * Every command that documents, help texts and the program itself show is run as it is written: those of one text one after
 * the other, in a folder with the files that it names. `shorten` adds what makes long ones short: fewer images and epochs.
 * Three things are not as they would be at home: MNIST and CIFAR-10 are made up, so that nothing is downloaded; workers are
 * the calling thread; quickstart has fewer images.
 */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Dataset, type Split, setAside, imagesOf } from '../data/dataset.ts'
import { syntheticDigits } from '../data/synthetic.ts'
import { floatStorage, ordered, saved, tensor } from '../formats/pytorch.testing.ts'
import { encodeArrays } from '../formats/npz.ts'
import { architectureNamed } from '../model/architectures.ts'
import { initialise } from '../model/initialise.ts'
import { type Network, parameterLayout } from '../model/network.ts'
import { saveAnyNetwork } from '../node/any-network.ts'
import { writePng } from '../node/png-file.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'
import { call } from './command.testing.ts'
import { commandLine } from './follow-up.ts'
import { blocksOf, commandLines, commandsOf, examplesOf, words } from './written-commands.testing.ts'

vi.mock('../node/threads.ts', async () => {
  const { inline } = await import('../jobs/inline.ts')
  return { MOST_WORKERS: 256, threads: () => inline }
})
vi.mock('./quickstart-settings.ts', async (original) => {
  const { quickstartRuns, ...rest } = await original<typeof import('./quickstart-settings.ts')>()
  const few = { trainingCount: 2, validationCount: 1, batchSize: 2, epochs: 1, rampEpochs: 0 }
  const [robustra, natural] = [
    { ...quickstartRuns.robustra, ...few },
    { ...quickstartRuns.natural, ...few },
  ]
  return { ...rest, TEST_IMAGES: 2, quickstartRuns: { robustra, natural } }
})
vi.mock('../node/data/load-dataset.ts', async (original) => {
  const real = await original<typeof import('../node/data/load-dataset.ts')>()
  const isPublished = (name: string) => name === 'mnist' || name === 'cifar10'
  return {
    ...real,
    loadDataset: async (...given: Parameters<typeof real.loadDataset>) =>
      isPublished(given[0]) ? standIn(given[0], given[1]) : real.loadDataset(...given),
    loadTrainingParts: async (...given: Parameters<typeof real.loadTrainingParts>) =>
      isPublished(given[0])
        ? setAside(imagesOf(standIn(given[0], 'train')), Math.min(1, given[1]?.validationCount ?? 1), 0)
        : real.loadTrainingParts(...given),
  }
})
vi.mock('../node/data/published-files.ts', async (original) => ({
  ...(await original<object>()),
  downloadFiles: async () => [],
  verifyFiles: () => [],
}))

/** Digits, or for CIFAR-10 digits in three channels. */
function standIn(name: string, split: Split): Dataset {
  const digits = syntheticDigits(10, 1, split)
  if (name === 'mnist') return { ...digits, name }
  const shape = { channels: 3, height: 32, width: 32 }
  const images = new Uint8Array(10 * 3072).map((_, i) => Number(digits.images[i % digits.images.length]))
  return { ...digits, name, shape, images }
}

const tiny = ['--epochs', '1', '--training-count', '2', '--validation-count', '1', '--batch-size', '2']

/** What is added to a command so that it takes a second at most. */
function shorten([command, ...args]: readonly string[]): string[] {
  const has = (flag: string) => args.includes(flag)
  switch (command) {
    case 'train':
      if (has('--resume')) return []
      if (has('--warm-up')) return [...tiny, '--epochs', '2', '--warm-up-epochs', '1']
      return has('--seeds') ? [...tiny, '--seeds', '1-2'] : tiny
    case 'certify':
      return has('--images') ? ['--images', '3-3'] : ['--first', '1']
    case 'attack':
      return has('--images') ? [] : ['--first', '1']
    case 'reproduce':
      return args[0] === 'table1' ? [] : ['--epochs', '1', '--training-count', '2', '--images', '1']
    default:
      return []
  }
}

async function runWritten(args: string): Promise<string> {
  const given = words(args)
  const { code, stdout, stderr } = await call(...given, ...shorten(given))
  expect([args, code, stderr]).toEqual([args, 0, expect.not.stringContaining('robustra:')])
  return stdout
}

/**
 * What cannot be run here: networks that take minutes even so, and a figure that continues another one's training, whose
 * 5000 validation images the stand-in has not. docs.test.ts checks the flags of their commands.
 */
const isLeftOut = (args: string) =>
  /^(?:train|convert) .*(?:cnn-7|cifar10-resnet|cifar10-large|mnist-large)|^reproduce figure4 .*--resume/.test(args)

const home = process.cwd()
afterAll(() => process.chdir(home))
const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

/** Files that commands name without making them. */
function makeFiles(): void {
  const network = initialise(architectureNamed('mnist-small'), 1)
  for (const name of ['net.safetensors', 'net.onnx', 'other.safetensors']) saveAnyNetwork(name, network)
  writeFileSync('net.pt', stateDictionaryOf(network))
  const inputs = Array.from({ length: 784 }, (_, i) => `(declare-const X_${i} Real)(assert (<= 0 X_${i} 0.001))`)
  const outputs = Array.from({ length: 10 }, (_, i) => `(declare-const Y_${i} Real)`)
  const property = `${[...inputs, ...outputs].join('\n')}(assert (>= Y_0 1000))`
  writeFileSync('property.vnnlib', property)
  writeFileSync('property.vnnlib.gz', gzipSync(property))
  writeFileSync('instances.csv', 'net.onnx,property.vnnlib,60\n')
  writeFileSync('net.toml', blocksOf('docs/commands.md', 'toml')[0]!)
  cpSync(join(home, 'models'), 'models', { recursive: true })
  mkdirSync('path/to/mnist', { recursive: true })
  for (let i = 0; i < 12; i++) {
    const path = `photos/${i % 2 ? 'cat' : 'dog'}/${i}.png`
    mkdirSync(dirname(path), { recursive: true })
    writePng(path, { channels: 1, height: 8, width: 8 }, new Float32Array(64).fill(i / 12))
  }
  const rows = Array.from({ length: 12 }, (_, i) => `${i},${(7 * i) % 12},${i % 2 ? 'ill' : 'well'}`)
  const arrays = {
    images: { shape: [12, 8, 8], data: Float32Array.from({ length: 768 }, (_, i) => (i % 12) / 12) },
    labels: { shape: [12], data: BigInt64Array.from({ length: 12 }, (_, i) => BigInt(i % 2)) },
  }
  writeFileSync('arrays.npz', encodeArrays(new Map(Object.entries(arrays)), {}, 'arrays.npz'))
  writeFileSync('dataset.toml', 'data = "arrays.npz"\n')
  writeFileSync('table.csv', `${['age', 'weight', 'label'].join()}\n${rows.join('\n')}\n`)
}

function stateDictionaryOf({ architecture, parameters }: Network): Uint8Array {
  const tensors = parameterLayout(architecture).map(({ name, shape, offset, length }, i) => {
    const storage = floatStorage(`${i}`, [...parameters.subarray(offset, offset + length)])
    return [name, tensor(storage, shape)] as const
  })
  return saved(ordered(Object.fromEntries(tensors)))
}

/** Runs, which help texts name without having made them. */
async function makeRuns(): Promise<void> {
  const natural = '--epsilon 0.01 --method natural'
  await runWritten(`train --out runs/first ${natural}`)
  await runWritten(`train --out runs/mnist --dataset mnist ${natural}`)
  for (const name of ['a', 'wk', 'ibp', 'quickstart']) cpSync('runs/mnist', `runs/${name}`, { recursive: true })
}

beforeAll(async () => {
  mkdirSync(at('files'))
  process.chdir(at('files'))
  makeFiles()
  cpSync(at('files'), at('runs'), { recursive: true })
  process.chdir(at('runs'))
  await makeRuns()
})

/** Goes to a new folder. @param world its files: with runs, or without */
function goTo(name: string, world: 'files' | 'runs'): void {
  const place = at(name.replaceAll('/', '-'))
  cpSync(at(world), place, { recursive: true })
  process.chdir(place)
}

async function runAll(written: readonly string[]): Promise<void> {
  expect(written).not.toEqual([])
  for (const args of written) if (!isLeftOut(args)) await runWritten(args)
}

test.each(['README.md', 'docs/commands.md', 'docs/results.md', 'docs/verification.md'])(
  'commands of %s',
  (document) => {
    goTo(document, 'files')
    // the first document has it, too
    return runAll(commandsOf(document).filter((args) => args !== 'quickstart' || document === 'README.md'))
  },
)

test.each(['train', 'reproduce', 'convert', 'info', 'data'])('examples of %s --help', async (command) => {
  goTo(command, 'files')
  if (command === 'convert' || command === 'info') cpSync(at('runs/runs'), 'runs', { recursive: true })
  await runAll(await examplesOf(command))
})

test.each(['certify', 'verify', 'attack', 'report'])(
  'examples of %s --help, about runs that are there',
  async (command) => {
    goTo(command, 'runs')
    if (command === 'report') {
      await runWritten(
        'certify runs/mnist/best.safetensors --dataset mnist --epsilon 0.1 --method clean,lp --out exact.jsonl',
      )
    }
    await runAll(await examplesOf(command))
  },
)

test('what quickstart and train print for what comes next, with spaces and quotes in paths', async () => {
  goTo('next', 'files')
  mkdirSync("my brother's data")
  const printed = [
    await runWritten('quickstart --workers 2 --out "my quickstart"'),
    await runWritten(`train --out "my brother's run" --dataset mnist --data "my brother's data" --epsilon 8/255`),
    await runWritten('train --out natural --method natural --norm l2 --epsilon 1.5'),
  ].flatMap((text) => commandLines(text, `${commandLine()} `))
  expect(printed.map((args) => args.split(' ')[0])).toEqual(['attack', 'train', 'train', 'certify', 'certify'])
  expect(printed[3]).toMatch(/ --data 'my brother'\\''s data' /)
  await runAll(printed)
})
