/** Certification without files: rows on any executor, who stops asking, and what a signal ends. */
import { describe, expect, test } from 'vitest'
import { smallCase } from '../attacks/random-dataset.testing.ts'
import { UserError } from '../base/errors.ts'
import type { Executor } from '../jobs/executor.ts'
import { inline } from '../jobs/inline.ts'
import { graphOf } from '../model/graph.ts'
import { threads } from '../node/threads.ts'
import { type CertifyOptions, certify } from './certify.ts'
import type { CertifyRow } from './rows.ts'
import { comparable, rowsOf } from './rows.testing.ts'
import { summarise } from './summary.ts'

const { network, dataset } = smallCase()
const images = Array.from({ length: 24 }, (_, i) => i)
const whole = { epsilon: 0.05, steps: ['pgd', 'lp', 'crown', 'alpha', 'complete'], pgd: { steps: 4 } } as const

const certified = (options: Partial<CertifyOptions> = {}) =>
  rowsOf(certify(network, dataset, { ...whole, images, ...options }))

/** An executor that counts its crews, and those that are still there. */
function counted(executor: Executor) {
  const crews = { started: 0, open: 0 }
  const counting: Executor = {
    ...executor,
    start: (task, setup, size) => {
      const crew = executor.start(task, setup, size)
      crews.started++
      crews.open++
      const close = async () => {
        crews.open--
        await crew.close()
      }
      return { size: crew.size, run: (job, parts, signal) => crew.run(job, parts, signal), close }
    },
  }
  return { crews, executor: counting }
}

test('rows are the same inline and on threads, and decide every image', async () => {
  const rows = await certified()
  expect(rows.map(({ index }) => index).toSorted((a, b) => a - b)).toEqual(images)
  expect(comparable(await certified({ executor: threads(2) }))).toEqual(comparable(rows))
  // files compare byte by byte, so the order of entries is part of the format
  const searched = rows.find((row) => row.complete)!
  expect(Object.keys(searched).join(' ')).toBe(
    'index label prediction clean pgd lp seconds crown alpha complete result',
  )
  expect(Object.keys(rows.find((row) => !row.crown)!).slice(-2)).toEqual(['result', 'seconds'])
  const summary = summarise(rows)
  expect(summary).toMatchObject({ images: 24, undecided: 0, robust: 24 - summary.vulnerable })
  expect(summary.complete!.errors).toBe(summary.vulnerable)
})

test('ε alone will do: all images, the steps of milliseconds, the ball in [0, 1]', async () => {
  const alone = await rowsOf(certify(network, dataset, { epsilon: 0.05 }))
  const steps = ['clean', 'pgd', 'interval', 'lp'] as const
  const options = { epsilon: 0.05, norm: 'linf', domain: 'pixels', steps, seed: 0, executor: inline } as const
  const said = await rowsOf(certify(network, dataset, options))
  expect(alone).toHaveLength(dataset.count)
  expect(comparable(alone)).toEqual(comparable(said))
})

test('graphs go to threads, too, and have steps of their own', async () => {
  const steps = ['pgd', 'crown', 'complete'] as const
  const options = { epsilon: 0.05, images: images.slice(0, 8), pgd: { steps: 4 } }
  const ofGraph = (executor?: Executor) =>
    rowsOf(certify(graphOf(network), dataset, { ...options, ...(executor && { steps, executor }) }))
  const rows = await ofGraph(inline)
  expect(comparable(await ofGraph(threads(2)))).toEqual(comparable(rows))
  const layers = await certified({ images: options.images })
  expect(comparable(rows).map(({ result }) => result.verdict)).toEqual(
    comparable(layers).map(({ result }) => result.verdict),
  )
  const usual = new Set((await ofGraph()).flatMap((row) => Object.keys(row)))
  expect(['clean', 'pgd', 'crown'].every((step) => usual.has(step))).toBe(true)
  expect(['interval', 'lp', 'alpha', 'complete'].some((step) => usual.has(step))).toBe(false)
})

describe('an end before the end', () => {
  test.each([
    ['inline', inline],
    ['threads', threads(2)],
  ])('who stops asking closes the crew: %s', async (_, executor) => {
    const { crews, executor: counting } = counted(executor)
    for await (const row of certify(network, dataset, { ...whole, executor: counting })) {
      expect(row.index).toBeLessThan(dataset.count)
      break
    }
    expect(crews).toEqual({ started: 1, open: 0 })
  })

  test.each([
    ['inline', inline],
    ['threads', threads(2)],
  ])('a signal ends the rows with its reason: %s', async (_, executor) => {
    const controller = new AbortController()
    const { crews, executor: counting } = counted(executor)
    const rows: CertifyRow[] = []
    const run = async () => {
      for await (const row of certify(network, dataset, { ...whole, executor: counting, signal: controller.signal })) {
        rows.push(row)
        controller.abort(new Error('enough'))
      }
    }
    await expect(run()).rejects.toThrow('enough')
    expect(rows.length).toBeLessThan(dataset.count)
    expect(crews.open).toBe(0)
  })
})

test('input that makes no sense is refused at once', () => {
  const refuse = (over: object, message: RegExp, subject: Parameters<typeof certify>[0] = network) => {
    const call = () => certify(subject, dataset, { ...whole, ...over })
    expect(call).toThrow(UserError)
    expect(call).toThrow(message)
  }
  refuse({ epsilon: -1 }, /ε/)
  refuse({ images: [0, dataset.count] }, /there is no image 50 in .*: it has images 0 to 49/)
  refuse({ images: [0.5] }, /no image 0\.5/)
  refuse({ seed: -1 }, /the seed/)
  refuse({ steps: ['lpp'] }, /did you mean 'lp'/)
  refuse({ steps: [] }, /no method/)
  refuse({ timeout: 0 }, /timeout/)
  refuse({}, /takes 36|has 4 outputs|interval|lp bounds/, graphOf(network))
  const { nodes, ...rest } = graphOf(network)
  refuse({ steps: ['crown'] }, /takes 5×5 .* choose another network/, { ...rest, nodes, inputShape: [5, 5] })
})
