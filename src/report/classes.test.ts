import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../node/temporary.testing.ts'
import { readCertificates } from '../node/report/read-certificates.ts'
import { classesSection } from './classes.ts'
import { writeCertificates } from './report.testing.ts'
import type { Subject } from './subject.ts'

const folder = temporaryFolder()
let subject: Subject
beforeAll(async () => {
  const certificates = readCertificates(await writeCertificates(join(folder, 'cheap.jsonl'), ['clean', 'pgd', 'lp']))
  subject = { name: 'cheap', run: undefined, certificates: [{ ...certificates, name: 'cheap', known: undefined }] }
})

const named = (classNames: string[]): Subject => {
  const [file] = subject.certificates
  const classes = file!.summary.classes.map((one, label) => ({ ...one, name: classNames[label]! }))
  return { ...subject, certificates: [{ ...file!, summary: { ...file!.summary, classes } }] }
}

test('a row per class, and matrices whose cells add up to the images', () => {
  const { summary } = subject.certificates[0]!
  const text = classesSection([subject])!.text
  expect(text.match(/class="bar"/g)).toHaveLength(summary.classes.filter(({ images }) => images > 0).length)
  const cells = [...text.matchAll(/style="--share:(\d+)%"[^>]*>\s*([\d,]*)\s*</g)]
  const sum = (part: typeof cells) => part.reduce((total, [, , count]) => total + Number(count), 0)
  expect(sum(cells.slice(0, cells.length / 2))).toBe(summary.images)
  expect(sum(cells.slice(cells.length / 2))).toBe(summary.images - summary.undecided)
  expect(cells.every(([, share]) => Number(share) <= 45)).toBe(true)
})

test('names of classes are text, whatever is in them', () => {
  const names = subject.certificates[0]!.summary.classes.map((_, label) => `<b>${label}`)
  const text = classesSection([named(names)])!.text
  expect(text).toContain('&lt;b&gt;0')
  expect(text).not.toContain('<b>0')
})

test('nothing without certificates', () => {
  const none = { ...subject, certificates: [] }
  expect(classesSection([none])).toBeUndefined()
})
