/** Whole commands on synthetic data. */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { saveNetwork } from '../node/network-file.ts'
import { initialise } from '../model/initialise.ts'
import { parseNpz } from '../formats/npz.ts'
import { robustra, tiny } from './command.testing.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
const network = at('run/f.safetensors')
let trained: Awaited<ReturnType<typeof robustra>>
beforeAll(async () => {
  trained = await robustra('train', '--out', at('run'), ...tiny, '--epochs', '2', '--json')
})

const lines = (path: string) => readFileSync(path, 'utf8').trimEnd().split('\n')

describe('train', () => {
  test('prints one JSON document, and progress as plain lines on stderr', () => {
    expect([trained.code, trained.signal]).toEqual([0, null])
    const result = JSON.parse(trained.stdout)
    expect(result.options).toMatchObject({ method: 'robustra', epochs: 2, trainingCount: 40 })
    expect(result.networks.map(({ name }: { name: string }) => name)).toEqual(['f', 'g'])
    expect(result.reports).toHaveLength(4)
    expect(trained.stderr).toMatch(
      /^1\/2 f {2}loss [\d.]+ {2}train .* clean .* LP .* unstable .* ε .* lr .* t .*infeasible .* s in all$/m,
    )
    expect(trained.stderr.match(/\n/g)!.length).toBeLessThan(10)
  })

  test('leaves networks, log, curves, settings and a checkpoint', () => {
    expect(readdirSync(at('run')).toSorted()).toEqual(
      [
        ...['best.safetensors', 'checkpoint.safetensors', 'config.json', 'curves.svg', 'f.safetensors'],
        ...['g.safetensors', 'log.csv', 'log.jsonl'],
      ].toSorted(),
    )
    expect(lines(at('run/log.jsonl')).map((line) => JSON.parse(line).network)).toEqual(['f', 'g', 'f', 'g'])
    expect(readFileSync(at('run/curves.svg'), 'utf8')).toContain('g certified')
  })

  test('the command line comes before the file, that before the preset, that before the defaults', async () => {
    writeFileSync(
      at('settings.toml'),
      'dataset = "synthetic"\nepochs = 1\nmethod = "natural"\nseed = 5\nepsilonStart = 0\n',
    )
    const flags = ['--preset', 'paper-mnist-0.3', '--config', at('settings.toml'), '--seed', '6', '--epsilon', '2/255']
    const { code, stdout } = await robustra('train', '--out', at('mixed'), ...tiny, ...flags, '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout).options).toMatchObject({
      ...{ dataset: 'synthetic', method: 'natural', epochs: 1, seed: 6, epsilon: 2 / 255, optimiser: 'adam' },
    })
  })

  test('of a finished run, --resume changes nothing, and settings that differ are refused', async () => {
    const before = readFileSync(network)
    const same = await robustra('train', '--resume', '--out', at('run'), ...tiny)
    expect(same.code).toBe(0)
    expect(same.stdout).toMatch(/^Next:\n .* certify /m)
    expect(readFileSync(network).equals(before)).toBe(true)
    const other = await robustra('train', '--resume', '--out', at('run'), '--seed', '2')
    expect(other.code).toBe(2)
    expect(other.stderr).toMatch(/^robustra: the run was started with --seed 1, not 2: leave it out with --resume.*\n$/)
  })

  test('without validation images', async () => {
    const args = ['--epochs', '1', '--method', 'natural', '--validation-count', '0']
    const { code, stdout } = await robustra('train', '--out', at('blind'), ...tiny, ...args)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^f +– +– /m)
    expect(stdout).not.toContain('NaN')
  })
})

describe('certify', () => {
  const args = ['certify', network, '--epsilon', '2/255', '--first', '12', '--workers', '2']

  test('writes a row per image and prints a table; goes on where it was cut off', async () => {
    const { code, stdout } = await robustra(...args, '--out', at('rows.jsonl'))
    expect(code).toBe(0)
    for (const method of ['clean', 'pgd', 'interval', 'lp']) expect(stdout).toMatch(new RegExp(`^${method} .* %`, 'm'))
    expect(stdout).toMatch(/^ε 0\.00784\d* in pixel units, domain pixels/m)
    expect(stdout).toMatch(/^robust error \d/m)
    const whole = lines(at('rows.jsonl'))
    expect(whole.slice(1).map((line) => JSON.parse(line).index)).toEqual(Array.from({ length: 12 }, (_, i) => i))

    writeFileSync(at('rows.jsonl'), `${whole.slice(0, 6).join('\n')}\n${whole[6].slice(0, 20)}`)
    const resumed = await robustra(...args, '--out', at('rows.jsonl'), '--resume')
    expect(resumed.code).toBe(0)
    expect(lines(at('rows.jsonl')).map(withoutTimes)).toEqual(whole.map(withoutTimes))
  })

  test('--json, a range of images and some methods', async () => {
    const flags = ['--epsilon', '0.01', '--images', '5-8', '--method', 'clean,lp', '--json']
    const { code, stdout } = await robustra('certify', network, ...flags, '--out', at('some.jsonl'))
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ first: 5, last: 9, images: 4, epsilon: 0.01, methods: ['clean', 'lp'], domain: 'pixels' },
    })
  })

  test('--validation-of tries the images that a run was judged by', async () => {
    const flags = ['--epsilon', '0.01', '--validation-of', at('run'), '--domain', 'unbounded', '--method', 'clean,lp']
    const { stdout } = await robustra('certify', network, ...flags, '--out', at('validation.jsonl'), '--json')
    const last = JSON.parse(trained.stdout).reports.findLast((report: { network: string }) => report.network === 'f')
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ images: 8, clean: { error: last.cleanError }, lp: { error: last.certifiedError } },
    })
  })

  test('several ε: a file and a line for each, the largest first', async () => {
    const flags = ['--epsilon', '1/255,0.02', '--first', '12', '--out', at('radii.jsonl')]
    const { code, stdout } = await robustra('certify', network, ...flags)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^0\.02 .*radii-0\.02\.jsonl\n0\.00392157 .*radii-1-255\.jsonl$/m)
    expect(JSON.parse(lines(at('radii-1-255.jsonl'))[0])).toMatchObject({ epsilon: 1 / 255 })
    const again = await robustra('certify', network, ...flags, '--resume', '--json')
    const [large, small] = JSON.parse(again.stdout).radii
    expect([large.imagesDone, small.imagesDone]).toEqual([0, 0])
    expect(small.provedAtLarger).toBe(large.robust)
    const twice = await robustra('certify', network, '--epsilon', '0.1,1/10', '--out', at('twice.jsonl'))
    expect([twice.code, twice.stderr]).toEqual([2, 'robustra: --epsilon has 1/10 twice: give each radius once\n'])
  })

  test('--domain is in the table and the header of the rows', async () => {
    const flags = ['--epsilon', '0.01', '--first', '2', '--method', 'interval', '--domain', 'unbounded']
    const { code, stdout } = await robustra('certify', network, ...flags, '--out', at('whole.jsonl'))
    expect(code).toBe(0)
    expect(stdout).toContain('ε 0.01 in pixel units, domain unbounded (the whole ball)')
    expect(JSON.parse(lines(at('whole.jsonl'))[0])).toMatchObject({ version: 2, domain: 'unbounded' })
  })
})

describe('balls of other norms', () => {
  const whole = ['clean', 'pgd', 'interval', 'lp', 'crown', 'alpha', 'complete'] as const

  test.each([
    ['linf', 'ℓ∞', '0.02'],
    ['l2', 'ℓ2', '1.5'],
    ['l1', 'ℓ1', '4'],
  ])('certify climbs the whole ladder, attack attacks: %s', async (norm, name, epsilon) => {
    const out = at(`${norm}.jsonl`)
    const flags = ['--epsilon', epsilon, '--norm', norm, '--first', '6', '--workers', '2']
    const steps = ['--method', whole.join(), '--timeout', '2', '--steps', '10']
    const { code, stdout, stderr } = await robustra('certify', network, ...flags, ...steps, '--out', out)
    expect([code, stderr.includes('Error')]).toEqual([0, false])
    for (const method of whole) expect(stdout).toMatch(new RegExp(`^${method} .* %`, 'm'))
    expect(stdout).toContain(`ε ${epsilon} in pixel units, domain pixels (the ball ∩ [0, 1]), norm ${name}`)
    const [header, ...rows] = lines(out).map((line) => JSON.parse(line))
    expect(header).toMatchObject({ norm, epsilon: Number(epsilon) })
    expect(rows.map(({ result }) => result.verdict)).toHaveLength(6)

    const attacked = await robustra('attack', network, ...flags, '--json')
    expect(attacked.code).toBe(0)
    const found = JSON.parse(attacked.stdout)
    expect(found).toMatchObject({ norm, epsilon: Number(epsilon), images: 6 })
    const robust = rows.filter(({ result }) => result.verdict === 'robust').map(({ index }) => index)
    const broken = found.rows.filter(({ verdict }: { verdict: string }) => verdict === 'vulnerable')
    expect(broken.filter(({ index }: { index: number }) => robust.includes(index))).toEqual([])
  })

  test('a file of another norm is not gone on with; one that says none is of ℓ∞', async () => {
    const flags = ['--epsilon', '0.01', '--first', '3', '--method', 'clean,lp', '--out', at('norm.jsonl')]
    expect((await robustra('certify', network, ...flags)).code).toBe(0)
    const other = await robustra('certify', network, ...flags, '--norm', 'l1', '--resume')
    expect(other.code).toBe(2)
    expect(other.stderr).toMatch(/norm is "linf" there, "l1" here\): choose another --out\n$/)
    writeFileSync(at('norm.jsonl'), readFileSync(at('norm.jsonl'), 'utf8').replace('"norm":"linf",', ''))
    expect((await robustra('certify', network, ...flags, '--resume')).code).toBe(0)
  })

  test.concurrent.each([
    ['--epsilon 28.1 --norm l2', /ε in ℓ2 must be a number from 0 to 28 /],
    ['--epsilon 785 --norm l1', /ε in ℓ1 must be a number from 0 to 784 /],
    ['--epsilon 1.5', /ε cannot be '1.5' in ℓ∞: .* 0 to 1/],
    ['--epsilon 1 --norm l3', /unknown norm 'l3'/],
    ['--epsilon 1 --norm l2 --method complete --complete milp', /milp searches boxes only, .* choose bab/],
  ])('certify refuses %s', async (flags, message) => {
    const { code, stderr } = await robustra('certify', network, ...flags.split(' '), '--out', at('refused.jsonl'))
    expect(code).toBe(2)
    expect(stderr).toMatch(message)
    expect(existsSync(at('refused.jsonl'))).toBe(false)
  })
})

const withoutTimes = (line: string) => line.replaceAll(/"seconds":[^,}]+/g, '')

describe('attack', () => {
  test('counts and saves adversarial examples', async () => {
    const flags = ['--epsilon', '0.3', '--first', '12', '--save', at('pictures'), '--json']
    const { code, stdout } = await robustra('attack', network, ...flags)
    expect(code).toBe(0)
    const { rows, attackErrors, cleanErrors } = JSON.parse(stdout)
    expect(rows).toHaveLength(12)
    expect(readdirSync(at('pictures')).filter((name) => name.endsWith('.png'))).toHaveLength(attackErrors - cleanErrors)
  })

  test('an ensemble, from another network, into arrays', async () => {
    const flags = ['--epsilon', '0.3', '--first', '6', '--steps', '3', '--queries', '5', '--save', at('found.npz')]
    const { code, stdout } = await robustra(
      'attack',
      network,
      ...flags,
      '--method',
      'auto',
      '--from',
      at('run/g.safetensors'),
    )
    expect(code).toBe(0)
    const [, correct, fooled] = /^transfer: of (\d+) correctly .* fools (\d+) /m.exec(stdout)!.map(Number)
    expect(correct).toBeLessThanOrEqual(6)
    expect(stdout).toMatch(/^found by apgd-ce \d+, apgd-t \d+, fab \d+, square \d+$/m)
    const images = parseNpz(readFileSync(at('found.npz')), 'found.npz').tensors.get('images')!
    expect(images.shape).toEqual([fooled, 1, 28, 28])
  })

  test('takes networks of vectors', async () => {
    const input = { channels: 784, height: 1, width: 1 }
    const vectors = initialise({ name: 'vectors', input, layers: [{ kind: 'linear', outFeatures: 10 }] }, 1)
    saveNetwork(at('vectors.safetensors'), vectors)
    const { code, stdout } = await robustra('attack', at('vectors.safetensors'), '--epsilon', '0.1', '--first', '4')
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^vectors on 4 test images/)])
  })

  test('prints a table of fgsm', async () => {
    const { code, stdout } = await robustra('attack', network, '--epsilon', '0.1', '--first', '4', '--method', 'fgsm')
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^fgsm .* %/m)])
  })
})

describe('info, data, help', () => {
  test('info of a file and of an architecture', async () => {
    const [file, named, residual] = await Promise.all([
      robustra('info', network),
      robustra('info', '--architecture', 'cifar10-small', '--json'),
      robustra('info', '--architecture', 'cifar10-resnet'),
    ])
    expect(file.stdout).toContain('166406 parameters, 4804 hidden units')
    expect(JSON.parse(named.stdout)).toMatchObject({ parameters: 214918, hiddenUnits: 6244 })
    expect(residual.stdout).toMatch(/^1 +convolution 3×3, stride 1, padding 1 +0 +16×32×32 +448$/m)
    expect(residual.stdout).toMatch(/^12 +convolution 1×1, stride 1, padding 0 +8 +16×32×32 +272$/m)
    expect(residual.stdout).toMatch(/^13 +add +11, 12 +16×32×32 +0$/m)
    expect(residual.stdout).toContain('4214850 parameters, 107496 hidden units')
  })

  test('data verify tells what is wrong with each file', async () => {
    writeFileSync(at('t10k-images-idx3-ubyte'), 'not images')
    const { code, stdout, stderr } = await robustra('data', 'verify', 'mnist', '--data', folder)
    expect(code).toBe(2)
    expect(stdout).toMatch(/^t10k-images-idx3-ubyte +corrupt/m)
    expect(stderr).toMatch(/^robustra: .*t10k-images-idx3-ubyte is corrupt.*\n$/)
  })

  test.concurrent.each([
    [],
    ['quickstart'],
    ['train'],
    ['certify'],
    ['verify'],
    ['attack'],
    ['convert'],
    ['info'],
    ['data'],
    ['data', 'verify'],
  ])('help of %s %s has examples', async (...command) => {
    const { code, stdout, stderr } = await robustra(...command, '--help')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/Usage: robustra/)
    expect(stdout).toMatch(/Examples?:\n {2}robustra /)
  })

  test('version, and help for lack of a command', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    expect((await robustra('--version')).stdout).toBe(`${version}\n`)
    const none = await robustra()
    expect([none.code, none.stdout]).toEqual([2, ''])
    expect(none.stderr).toContain('Usage: robustra')
    expect(existsSync(at('runs'))).toBe(false)
  })
})
