/** robustra verify: in processes where that matters, else in this one, which is faster. */
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { saveNetwork } from '../node/network-file.ts'
import { initialise } from '../model/initialise.ts'
import type { Layer } from '../model/layers.ts'
import { call, finished, robustra, start } from './command.testing.ts'
import { temporaryFolder } from '../node/temporary.testing.ts'

// Processes, on machines that may be busy.
vi.setConfig({ testTimeout: 90_000 })

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

const property = (inputs: number, ...asserted: string[]) =>
  [
    ...Array.from({ length: inputs }, (_, i) => `(declare-const X_${i} Real)\n(assert (<= -1 X_${i} 1))`),
    ...asserted.map((formula) => `(assert ${formula})`),
    '',
  ].join('\n')
const outputs = '(declare-const Y_0 Real)(declare-const Y_1 Real)\n'

beforeAll(() => {
  const input = { channels: 2, height: 1, width: 1 }
  const linear = (outFeatures: number): Layer => ({ kind: 'linear', outFeatures })
  // (|a| + |b|, 1), by ReLUs of a, −a, b, −b
  saveNetwork(at('net.safetensors'), {
    architecture: { name: 'distance', input, layers: [linear(4), { kind: 'relu' }, linear(2)] },
    parameters: Float32Array.of(...[1, 0, -1, 0, 0, 1, 0, -1], 0, 0, 0, 0, ...[1, 1, 1, 1, 0, 0, 0, 0], 0, 1),
  })
  // too hard to finish, whatever the machine
  const wide = { channels: 60, height: 1, width: 1 }
  const layers = [linear(200), { kind: 'relu' } as const, linear(200), { kind: 'relu' } as const, linear(2)]
  saveNetwork(at('hard.safetensors'), initialise({ name: 'hard', input: wide, layers }, 1))
  // the corners are the farthest: Y_0 ≤ 2 everywhere
  writeFileSync(at('safe.vnnlib'), outputs + property(2, '(>= Y_0 2.01)'))
  writeFileSync(at('unsafe.vnnlib.gz'), gzipSync(outputs + property(2, '(or (>= Y_0 1.75) (<= Y_1 0))')))
  writeFileSync(at('empty.vnnlib'), outputs + property(2, '(>= X_1 3)', '(>= Y_0 0)'))
  writeFileSync(at('hard.vnnlib'), outputs + property(60, '(>= Y_0 (+ Y_1 0.8))'))
  writeFileSync(at('broken.vnnlib'), `${outputs}\n(assert (<= X_0`)
})

const net = () => at('net.safetensors')
const limited = ['--timeout', '60', '--workers', '1']

describe('one property', () => {
  test('unsat', async () => {
    expect(await call('verify', net(), at('safe.vnnlib'), ...limited)).toMatchObject({
      ...{ code: 0, stdout: 'unsat\n', stderr: '' },
    })
  })

  test('sat, with a counterexample as the competition wants it', async () => {
    const { code, stdout, stderr } = await robustra('verify', net(), at('unsafe.vnnlib.gz'), ...limited)
    expect([code, stderr]).toEqual([0, ''])
    const number = '(-?[\\d.e-]+)'
    const match = new RegExp(
      `^sat\n\\(\\(X_0 ${number}\\)\n \\(X_1 ${number}\\)\n \\(Y_0 ${number}\\)\n \\(Y_1 1\\)\\)\n$`,
    ).exec(stdout)!
    const [a, b, y] = match.slice(1).map(Number)
    expect(Math.max(Math.abs(a), Math.abs(b))).toBeLessThanOrEqual(1)
    expect(y).toBe(Math.abs(a) + Math.abs(b))
    expect(y).toBeGreaterThanOrEqual(1.75)
  })

  test('the counterexample in a file, and JSON', async () => {
    const args = ['verify', net(), at('unsafe.vnnlib.gz'), ...limited, '--counterexample', at('found.txt')]
    expect(await call(...args)).toMatchObject({ code: 0, stdout: 'sat\n' })
    expect(readFileSync(at('found.txt'), 'utf8')).toMatch(/^\(\(X_0 .*\)\)\n$/s)
    expect((await call(...args)).stderr).toMatch(/found\.txt exists already: choose another --counterexample\n$/)

    const found = JSON.parse((await call('verify', net(), at('unsafe.vnnlib.gz'), ...limited, '--json')).stdout)
    expect(found).toMatchObject({
      verdict: 'sat',
      method: expect.any(String),
      seconds: expect.any(Number),
      reason: null,
    })
    expect(found.counterexample.outputs[0]).toBe(1.75 - found.bound)
    expect(found.counterexample.inputs).toHaveLength(2)
    const proved = JSON.parse((await call('verify', net(), at('safe.vnnlib'), ...limited, '--json')).stdout)
    expect(proved).toMatchObject({ verdict: 'unsat', counterexample: null })
    expect(proved.bound).toBeGreaterThan(0)
    expect(proved.bound).toBeLessThan(0.0101)
  })

  test('a property that no input meets', async () => {
    const { code, stdout, stderr } = await call('verify', net(), at('empty.vnnlib'), ...limited)
    expect([code, stdout]).toEqual([0, 'unsat\n'])
    expect(stderr).toMatch(/empty\.vnnlib: no input can meet it/)
  })

  test('timeout', async () => {
    const args = ['--timeout', '1.5', '--workers', '2', '--json']
    const { code, stdout } = await call('verify', at('hard.safetensors'), at('hard.vnnlib'), ...args)
    const { verdict, reason, seconds } = JSON.parse(stdout)
    expect([code, verdict, reason]).toEqual([0, 'timeout', 'timeout'])
    expect(seconds).toBeGreaterThan(1.4)
  })
})

describe('a table of instances', () => {
  const rows = (path: string) => readFileSync(path, 'utf8').trimEnd().split('\n')
  const results = (path: string) => rows(path).map((line) => line.split(',')[2])

  test('every result is a row; errors make the exit code 2', async () => {
    const table = [
      '# first',
      ...['safe', 'unsafe', 'broken', 'none'].map((name) => `net.safetensors,${name}.vnnlib,60`),
    ]
    writeFileSync(at('instances.csv'), table.join('\n'))
    const { code, stdout, stderr } = await call(
      ...['verify', '--instances', at('instances.csv'), '--out', at('results.csv'), '--workers', '1', '--json'],
    )
    expect(results(at('results.csv'))).toEqual(['unsat', 'sat', 'error', 'error'])
    expect(rows(at('results.csv'))[0]).toMatch(
      /^net\.safetensors,safe\.vnnlib,unsat,\d+\.\d{3},\w+,0\.0\d+,60,,,\w{64},\w{64},robustra /,
    )
    expect(JSON.parse(stdout)).toMatchObject({ instances: 4, unsat: 1, sat: 1, timeout: 0, unknown: 0, error: 2 })
    expect(code).toBe(2)
    expect(stderr).toMatch(/^robustra: 2 of 4 instances ended in an error: .*results\.csv says why\n$/)
  })

  test('counterexamples are kept, a file each; other settings are not gone on with', async () => {
    writeFileSync(at('two.csv'), 'net.safetensors,unsafe.vnnlib,60\nnet.safetensors,safe.vnnlib,60\n')
    const args = ['verify', '--instances', at('two.csv'), '--out', at('two-out.csv'), '--workers', '1']
    const keep = ['--counterexamples', at('found')]
    expect((await call(...args, ...keep)).code).toBe(0)
    expect(readdirSync(at('found'))).toEqual(['1_net_unsafe.txt'])
    expect(readFileSync(at('found/1_net_unsafe.txt'), 'utf8')).toMatch(/^\(\(X_0 .*\)\n \(X_1 .*\)\n/)
    expect(rows(at('two-out.csv'))[0]).toContain(',1_net_unsafe.txt,')
    rmSync(at('found/1_net_unsafe.txt'))
    const again = await call(...args, ...keep, '--resume')
    expect([again.code, readdirSync(at('found'))]).toEqual([0, ['1_net_unsafe.txt']])
    expect(again.stderr).toMatch(/found lacks a counterexample: 1 row done again\n/)
    const before = readFileSync(at('two-out.csv'), 'utf8')
    const other = await call(...args, '--resume', '--seed', '1')
    expect(other.stderr).toMatch(
      /^robustra: .*by other settings, which can continue it \(.*seed 0', and now '.*seed 1'\): choose another --out\n$/,
    )
    expect([other.code, readFileSync(at('two-out.csv'), 'utf8')]).toEqual([2, before])
  })

  test('after kill -9, --resume does only what is missing', async () => {
    writeFileSync(
      at('some.csv'),
      'net.safetensors,safe.vnnlib,60\nhard.safetensors,hard.vnnlib,1\nnet.safetensors,unsafe.vnnlib,60\n',
    )
    const args = ['verify', '--instances', at('some.csv'), '--out', at('killed.csv'), '--workers', '1']
    const child = start(args)
    const killed = finished(child)
    while (!existsSync(at('killed.csv')) || readFileSync(at('killed.csv'), 'utf8') === '') await sleep(10)
    child.kill('SIGKILL')
    expect((await killed).signal).toBe('SIGKILL')
    const [first, ...rest] = rows(at('killed.csv'))
    expect(rest).toEqual([])

    const again = await call(...args)
    expect(again).toMatchObject({ code: 2, stderr: expect.stringMatching(/killed\.csv exists already/) })
    const { code, stdout } = await call(...args, '--resume')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^unsat +1\nsat +1\ntimeout +1\n/m)
    expect(rows(at('killed.csv'))[0]).toBe(first)
    expect(results(at('killed.csv'))).toEqual(['unsat', 'timeout', 'sat'])
  })
})

describe('mistakes are one line', () => {
  const one = (...args: string[]) => ['verify', net(), at('safe.vnnlib'), ...args]
  const table = (...args: string[]) => ['verify', '--instances', at('table.csv'), ...args]
  beforeAll(() => {
    writeFileSync(at('table.csv'), 'net.safetensors,safe.vnnlib,60\n')
    writeFileSync(at('zero.csv'), 'net.safetensors,safe.vnnlib,0\n')
    writeFileSync(at('foreign.csv'), 'x,y,sat,1\n')
  })
  test.each([
    ['no timeout', () => one(), /give --timeout: how many seconds/],
    ...['0', '-1', 'NaN', 'Infinity', 'soon', ''].map(
      (value) =>
        [
          `timeout '${value}'`,
          () => one(`--timeout=${value}`),
          /--timeout cannot be '.*': give a number above 0/,
        ] as const,
    ),
    ['a timeout of years', () => one('--timeout', '1e9'), /--timeout cannot be '1e9': give at most 2000000 seconds/],
    ['nothing', () => ['verify'], /give a network and a property, or --instances/],
    ['no property', () => ['verify', net(), '--timeout', '1'], /give a network and a property/],
    ['both', () => [...one(), '--instances', at('table.csv')], /either a network and a property or --instances/],
    ['no --out', () => table(), /give --out/],
    [
      '--out of one',
      () => one('--timeout', '1', '--out', at('o.csv')),
      /--counterexamples and --resume belong to --instances/,
    ],
    [
      '--counterexamples of one',
      () => one('--timeout', '1', '--counterexamples', at('c')),
      /--counterexamples and --resume belong to --instances/,
    ],
    [
      'a folder of counterexamples that is used',
      () => table('--out', at('o.csv'), '--counterexamples', folder),
      /is not empty: choose another --counterexamples, or continue with --resume/,
    ],
    ['a timeout of a table', () => table('--out', at('o.csv'), '--timeout', '1'), /do not go with --instances/],
    ['no table', () => ['verify', '--instances', at('none.csv'), '--out', at('o.csv')], /there is no such file/],
    [
      'zero in a table',
      () => ['verify', '--instances', at('zero.csv'), '--out', at('o.csv')],
      /zero\.csv, line 1: the timeout cannot be '0'/,
    ],
    [
      'other results',
      () => table('--out', at('foreign.csv'), '--resume'),
      /foreign\.csv has results of other instances/,
    ],
    [
      'no folder',
      () => one('--timeout', '1', '--counterexample', at('none/c.txt')),
      /there is no folder .*none: create it first/,
    ],
    [
      'no network',
      () => ['verify', at('none.safetensors'), at('safe.vnnlib'), '--timeout', '60'],
      /there is no such file/,
    ],
    ['no property file', () => ['verify', net(), at('none.vnnlib'), '--timeout', '60'], /there is no such file/],
    [
      'a broken property',
      () => ['verify', net(), at('broken.vnnlib'), '--timeout', '60'],
      /broken\.vnnlib, line 3: X_0 is not declared/,
    ],
    [
      'of another network',
      () => ['verify', net(), at('hard.vnnlib'), '--timeout', '60'],
      /is for another network: it has 60 inputs X and 2 outputs Y, distance has 2 and 2/,
    ],
  ] as const)('%s', async (_name, args, message) => {
    const { code, stdout, stderr } = await call(...args())
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^robustra: [^\n]*\n$/)
    expect(stderr).toMatch(message)
  })
})
