import { expect, test } from 'vitest'
import type { CertifyHeader } from '../ladder/header.ts'
import { gallerySection } from './gallery-section.ts'

test('captions say the names of classes, and numbers where there are none', () => {
  const header = { epsilon: 0.1, norm: 'linf', domain: 'pixels' } as CertifyHeader
  const exhibit = { index: 7, label: 0, image: Float32Array.of(0.5), margin: -0.1, method: 'pgd' } as const
  const counterexample = { image: Float32Array.of(0.6), prediction: 1 }
  const dataset = { shape: { channels: 1, height: 1, width: 1 }, classNames: ['cat', 'dog'] }
  const gallery = { proved: [{ ...exhibit, label: 1, margin: 0.2 }], vulnerable: [{ ...exhibit, counterexample }] }
  const textOf = (of: typeof dataset | Omit<typeof dataset, 'classNames'>) =>
    gallerySection([{ subject: 0, title: 'mine', header, content: { gallery, dataset: of } }])!.text
  expect(textOf(dataset)).toContain('<b>cat → dog</b>')
  expect(textOf(dataset)).toContain('<b>dog</b>')
  expect(textOf({ shape: dataset.shape })).toContain('<b>0 → 1</b>')
})
