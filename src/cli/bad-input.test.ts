/** Every mistake is one line on stderr, exit code 2, no stack trace, nothing on stdout. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { saveNetwork } from '../node/network-file.ts'
import { writeSafetensors } from '../node/safetensors-file.ts'
import { architectureNamed } from '../model/architectures.ts'
import { initialise } from '../model/initialise.ts'
import { trainingOptions } from '../training/options.ts'
import { robustra } from './command.testing.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
const network = at('network.safetensors')

beforeAll(() => {
  saveNetwork(network, initialise(architectureNamed('mnist-small'), 1))
  saveNetwork(at('colour.safetensors'), initialise(architectureNamed('cifar10-small'), 1))
  writeFileSync(at('truncated.safetensors'), readFileSync(network).subarray(0, 300_000))
  writeFileSync(at('foreign.safetensors'), 'PK\x03\x04 this is some other file, surely')
  writeSafetensors(at('other.safetensors'), new Map([['a.weight', { shape: [1, 1, 2, 2], data: new Float32Array(4) }]]))
  const double = { '0.weight': { shape: [10, 784], data: new Float64Array(7840).fill(0.1) } }
  const bias = { '0.bias': { shape: [10], data: new Float32Array(10) } }
  writeSafetensors(at('double.safetensors'), new Map(Object.entries({ ...double, ...bias })))
  writeFileSync(at('bad.json'), '{ "epochs": ')
  writeFileSync(at('list.json'), '[1]')
  writeFileSync(at('bad.toml'), 'epochs = = 3')
  writeFileSync(at('misspelt.toml'), 'epoch = 3')
  writeFileSync(at('wrong-type.json'), '{ "batchSize": "many" }')
  writeFileSync(at('settings.yaml'), 'epochs: 3')
  mkdirSync(at('folder.safetensors'))
  writeFileSync(at('used.npz'), '')
  mkdirSync(at('used'))
  writeFileSync(at('used/file'), '')
  for (const name of ['damaged', 'alien']) {
    mkdirSync(at(name))
    writeFileSync(at(`${name}/config.json`), JSON.stringify(trainingOptions({ trainingCount: 20, validationCount: 4 })))
  }
  writeFileSync(at('damaged/checkpoint.safetensors'), readFileSync(network).subarray(0, 1000))
  writeFileSync(at('alien/checkpoint.safetensors'), readFileSync(network))
  mkdirSync(at('broken-config'))
  writeFileSync(at('broken-config/config.json'), '{"epochs":')
  mkdirSync(at('mnist'))
  writeFileSync(at('mnist/t10k-images-idx3-ubyte'), 'not images')
  writeFileSync(at('mnist/train-images-idx3-ubyte'), 'not images')
  writeFileSync(at('rows.jsonl'), '{"a":1}\n')
})

let folders = 0
const train = (...args: string[]) => ['train', '--out', at(`new-${folders++}`), ...args]
const certify = (...args: string[]) => ['certify', '--epsilon', '0.1', '--out', at('new.jsonl'), ...args]

const cases: Record<string, readonly (readonly [string, () => readonly string[], RegExp])[]> = {
  names: [
    ['command', () => ['trian'], /^robustra: unknown command 'trian': did you mean 'train'\?$/],
    ['option', () => train('--epsilom', '0.1'), /unknown option '--epsilom': did you mean '--epsilon'\?/],
    ['method of training', () => train('--method', 'robusta'), /unknown method 'robusta': did you mean 'robustra'\?/],
    ['data set', () => train('--dataset', 'mnits'), /unknown data set 'mnits': did you mean 'mnist'\?/],
    ['data set to certify', () => certify(network, '--dataset', 'mnits'), /unknown data set 'mnits': did you mean/],
    [
      'architecture',
      () => train('--architecture', 'mnist-smal'),
      /unknown architecture .*did you mean 'mnist-small'\?/,
    ],
    ['preset', () => train('--preset', 'paper-mnist'), /unknown preset .*did you mean 'paper-mnist-0.\d'\?/],
    ['optimiser', () => train('--optimiser', 'adma'), /unknown optimiser 'adma': did you mean 'adam'\?/],
    [
      'method of certification',
      () => certify(network, '--method', 'clean,ip'),
      /unknown method 'ip': did you mean 'lp'\?/,
    ],
    ['domain', () => certify(network, '--domain', 'pixel'), /unknown domain 'pixel': did you mean 'pixels'\?/],
    [
      'complete method',
      () => certify(network, '--method', 'complete', '--complete', 'bob'),
      /unknown complete method 'bob': did you mean 'bab'\?/,
    ],
    [
      'queries without Square',
      () => ['certify', network, '--epsilon', '0.1', '--queries', '9', '--out', at('x.jsonl')],
      /--queries is for the step 'auto'/,
    ],
    ['attack', () => ['attack', network, '--epsilon', '0.1', '--method', 'pgdd'], /did you mean 'pgd'\?/],
    ['data to verify', () => ['data', 'verify', 'mnits'], /unknown data set 'mnits': did you mean 'mnist'\?/],
    ['data command', () => ['data', 'verfy', 'mnist'], /unknown command 'verfy': did you mean 'verify'\?/],
    [
      'setting in a file',
      () => train('--config', at('misspelt.toml')),
      /unknown setting 'epoch': did you mean 'epochs'\?/,
    ],
  ],
  numbers: [
    ...['-0.1', 'NaN', '', '1/0', 'Infinity', '0x1', '3/255/1'].map(
      (epsilon) => [`ε ${epsilon}`, () => train('--epsilon', epsilon), /ε cannot be '.*'.* 0\.1 or 2\/255$/] as const,
    ),
    ['ε 1.5', () => train('--epsilon', '1.5'), /epsilon is 1.5: it must be at most 1 in norm linf; .* 0\.1 or 2\/255$/],
    [
      'a ramp that falls',
      () => train('--epsilon', '0.05', '--epsilon-start', '0.1'),
      /--epsilon-start is 0.1, above the ε of 0.05 that it grows to: give less/,
    ],
    ['ε of certify', () => ['certify', network, '--epsilon', '2', '--out', at('new.jsonl')], /ε cannot be '2'/],
    ['ε of attack', () => ['attack', network, '--epsilon', '-1'], /ε cannot be '-1'/],
    ['no workers', () => train('--workers', '0'), /--workers cannot be '0': give a whole number from 1 to 256/],
    ['too many workers', () => certify(network, '--workers', '257'), /--workers cannot be '257'/],
    ['half a worker', () => ['quickstart', '--workers', '1.5'], /--workers cannot be '1.5'/],
    ['no epochs', () => train('--epochs', '0'), /epochs is 0/],
    ['half an epoch', () => train('--epochs', '0.5'), /epochs is 0.5/],
    ['words', () => train('--learning-rate', 'fast'), /--learning-rate cannot be 'fast'/],
    ['wrong type in a file', () => train('--config', at('wrong-type.json')), /batchSize is "many"/],
    ...['0', '-3', 'soon', 'Infinity'].map(
      (seconds) =>
        [
          `timeout ${seconds}`,
          () => certify(network, '--method', 'complete', '--timeout', seconds),
          /--timeout cannot be '.*': give a number above 0/,
        ] as const,
    ),
    ['words as means', () => certify(network, '--mean', 'grey', '--std', '1'), /--mean cannot be 'grey': give numbers/],
    ['deviation 0', () => certify(network, '--mean', '0', '--std', '0'), /--std must be numbers above 0/],
    [
      'means for colours',
      () => certify(network, '--mean', '0,0,0', '--std', '1,1,1'),
      /--mean has 3 numbers, but mnist/,
    ],
    ['no images', () => certify(network, '--first', '0'), /--first cannot be '0'/],
    ['too many images', () => certify(network, '--first', '1001'), /only 1000 images/],
    ['backwards', () => certify(network, '--images', '9-3'), /--images cannot be '9-3'/],
    ['two ranges', () => certify(network, '--images', '3-9', '--first', '2'), /exclude each other/],
    ['too many for validation', () => train('--validation-count', '6000'), /cannot set aside 6000 images/],
  ],
  files: [
    ['no network', () => certify(at('none.safetensors')), /none\.safetensors: there is no such file/],
    ['a folder', () => certify(at('folder.safetensors')), /it is a folder, not a file/],
    ['no format of a network', () => certify(at('bad.json')), /bad\.json: .*\.safetensors/],
    ['a truncated network', () => certify(at('truncated.safetensors')), /truncated\.safetensors .*cut short\?/],
    ['a foreign file', () => certify(at('foreign.safetensors')), /foreign.safetensors is a zip archive/],
    [
      'weights of 64 bits to attack',
      () => ['attack', at('double.safetensors'), '--epsilon', '0.1'],
      /its weights are 64-bit floats .*: attack takes .* with 32-bit floats only; convert rounds them/,
    ],
    [
      'bounds of the engine for weights of 64 bits',
      () => certify(at('double.safetensors'), '--method', 'lp'),
      /lp bounds are for networks of robustra's own layers with 32-bit floats only: choose crown/,
    ],
    ['another network', () => ['info', at('other.safetensors')], /does not say which network it holds/],
    ['input that does not fit', () => certify(at('colour.safetensors')), /takes 3×32×32 images.*synthetic has 1×28×28/],
    [
      'architecture that does not fit',
      () => train('--architecture', 'cifar10-small'),
      /takes 3×32×32.*synthetic has 1×28×28/,
    ],
    [
      'foreign data',
      () => certify(network, '--dataset', 'mnist', '--data', at('mnist')),
      /t10k-images-idx3-ubyte is damaged/,
    ],
    [
      'foreign training data',
      () => train('--dataset', 'mnist', '--data', at('mnist')),
      /train-images-idx3-ubyte is damaged/,
    ],
    ['no data folder', () => certify(network, '--dataset', 'mnist', '--data', at('none')), /there is no data folder/],
    ['files of synthetic', () => ['data', 'download', 'synthetic'], /synthetic needs no files/],
    ['output folder in use', () => ['train', '--out', at('used')], /used exists already: choose another --out/],
    ['output folder is a file', () => ['train', '--out', network], /exists already/],
    ['output file exists', () => certify(network, '--out', at('rows.jsonl')), /rows\.jsonl exists already/],
    ['no folder of the output', () => certify(network, '--out', at('none/rows.jsonl')), /there is no folder .*none/],
    ['resuming other rows', () => certify(network, '--out', at('rows.jsonl'), '--resume'), /rows\.jsonl/],
    [
      'arrays over a file',
      () => ['attack', network, '--epsilon', '0.1', '--save', at('used.npz')],
      /used\.npz exists already/,
    ],
    ['pictures over files', () => ['attack', network, '--epsilon', '0.1', '--save', at('used')], /is not empty/],
    ['validation images of no run', () => certify(network, '--validation-of', at('used')), /there is no run in/],
    ['nothing to resume', () => train('--resume'), /there is no run in/],
    [
      'a truncated checkpoint',
      () => ['train', '--resume', '--out', at('damaged')],
      /checkpoint\.safetensors .*cut short\?/,
    ],
    [
      'no checkpoint of ours',
      () => ['train', '--resume', '--out', at('alien')],
      /not a checkpoint of robustra|does not fit/,
    ],
    ['a damaged config', () => ['train', '--resume', '--out', at('broken-config')], /config\.json is damaged/],
    ['bad JSON', () => train('--config', at('bad.json')), /bad\.json is not valid JSON/],
    ['bad TOML', () => train('--config', at('bad.toml')), /bad\.toml is not valid TOML/],
    ['a list', () => train('--config', at('list.json')), /does not hold settings/],
    ['YAML', () => train('--config', at('settings.yaml')), /from \.json and \.toml files only/],
    ['no settings', () => train('--config', at('none.json')), /there is no such file/],
  ],
  usage: [
    ['no --out', () => ['train'], /--out is missing: give the folder/],
    ['an empty --out', () => ['train', '--out', ''], /--out is empty: give it a value, or leave it out/],
    ['an empty path', () => ['convert', '', 'a.npz'], /in is empty/],
    ['no --epsilon', () => ['certify', network], /--epsilon is missing: give how far inputs may move/],
    [
      'an unknown option before a missing one',
      () => ['train', '--epoch', '3'],
      /unknown option '--epoch': did you mean '--epochs'/,
    ],
    ['an unknown option before a missing argument', () => ['certify', '--epsilom', '3'], /unknown option '--epsilom'/],
    [
      'a network that is not there before an --out that is',
      () => certify(at('none.npz'), '--out', at('rows.jsonl')),
      /none\.npz/,
    ],
    [
      'no network',
      () => ['certify', '--epsilon', '0.1', '--out', at('new.jsonl')],
      /missing required argument 'network'/,
    ],
    ['two networks', () => certify(network, network), /too many arguments/],
    ['a mean without a deviation', () => certify(network, '--mean', '0.1'), /--mean and --std belong together/],
    ['a timeout of nothing', () => certify(network, '--timeout', '3'), /--timeout is for the step 'complete'/],
    ['a search of nothing', () => certify(network, '--complete', 'milp'), /--complete is for the step 'complete'/],
    ['info of nothing', () => ['info'], /say of what: a network file, or an architecture such as mnist-small/],
    [
      'steps of fgsm',
      () => ['attack', network, '--epsilon', '0.1', '--method', 'fgsm', '--steps', '3'],
      /leave out steps/,
    ],
  ],
}

describe.each(Object.entries(cases))('%s', (_group, rows) => {
  test.concurrent.each(rows)('%s', async (_name, args, message) => {
    const { code, stdout, stderr } = await robustra(...args())
    expect(stderr).toMatch(/^robustra: [^\n]*\n$/)
    expect(stderr.trimEnd()).toMatch(message)
    expect([code, stdout]).toEqual([2, ''])
  })
})
