/** What a report measures itself, if it finds the test images: stability of neurons, and pictures. */
import type { Dataset } from '../../data/dataset.ts'
import { Engine } from '../../device/wasm/engine.ts'
import { UserError } from '../../base/errors.ts'
import { formatShape } from '../../model/layers.ts'
import { LoadedNetwork } from '../../device/loaded-network.ts'
import { countHiddenUnits } from '../../model/network.ts'
import { checkInputs } from '../../attacks/inputs.ts'
import { requireDomain, trainingDomain } from '../../region/domain.ts'
import { requireNorm, defaultNorm } from '../../region/norm.ts'
import { hashOfDataset } from '../certificates/hash.ts'
import type { GalleryOf } from '../../report/gallery-section.ts'
import { chooseExhibits } from '../../report/gallery.ts'
import { type StabilityOf, measureStability } from '../../report/stability.ts'
import type { KnownNetwork, NamedCertificates, Subject } from '../../report/subject.ts'
import type { Report } from '../../report/page.ts'
import { type CertifiedPart, tableRows } from '../../report/table.ts'
import type { Ball } from '../../region/ball.ts'
import type { TestImages } from './test-images.ts'

/** Images for stability: exact bounds of networks of more than 10,000 hidden units take seconds each. */
const imagesFor = (hiddenUnits: number) => (hiddenUnits > 10_000 ? 8 : 100)
/** Pictures of each kind, per file of certificates. */
const EXHIBITS = 6

/** Measures what the files do not say. @param images where test images come from */
export async function makeReport(subjects: readonly Subject[], images: TestImages): Promise<Report> {
  return {
    title: subjects.length === 1 ? subjects[0].name : `Comparison of ${subjects.length} runs`,
    subjects,
    errors: tableRows(subjects, await identifyParts(subjects, images)),
    stabilities: await measureStabilities(subjects, images),
    galleries: await collectGalleries(subjects, images),
  }
}

/** Per subject, of its best network (else f), or of the network that its certificates are of. */
export async function measureStabilities(subjects: readonly Subject[], images: TestImages): Promise<StabilityOf[]> {
  const results: StabilityOf[] = []
  for (const [subject, { name, run, certificates }] of subjects.entries()) {
    const header = certificates[0]?.header
    const known = run?.networks[0] ?? certificates.find((file) => file.known)?.known
    const dataset = String(run?.settings['dataset'] ?? header?.dataset.name)
    const ball = {
      epsilon: Number(run?.settings['epsilon'] ?? header?.epsilon),
      epsilons: (run ? run.settings['epsilons'] : header?.epsilons) as readonly number[] | undefined,
      norm: requireNorm(String(run?.settings['norm'] ?? header?.norm ?? defaultNorm)),
      domain: requireDomain(String(run?.settings['domain'] ?? header?.domain ?? trainingDomain)),
    }
    const stability = known
      ? await stabilityOf(known, await images(dataset), ball)
      : { missing: noNetwork(certificates.length > 0) }
    results.push({ subject, name, network: known?.name ?? 'network not found', stability })
  }
  return results
}

const noNetwork = (isCertified: boolean) =>
  isCertified
    ? 'The network of the certificates was not found: give its file by --network.'
    : 'The run has no network yet.'

async function stabilityOf(
  { network }: KnownNetwork,
  dataset: Dataset | { readonly missing: string },
  ball: Ball,
): Promise<StabilityOf['stability']> {
  if ('missing' in dataset) return dataset
  const images = Math.min(dataset.count, imagesFor(countHiddenUnits(network.architecture)))
  try {
    checkInputs(network, dataset, { ...ball, first: 0, last: images, seed: 0 })
  } catch (error) {
    if (error instanceof UserError) return { missing: `${error.message}.` }
    throw error
  }
  const loaded = new LoadedNetwork(await Engine.create(), network.architecture, false)
  loaded.setParameters(network.parameters)
  return measureStability(loaded, dataset, ball, images)
}

/** Which certificates are of the test part of their data set: per hash of their images. */
export async function identifyParts(
  subjects: readonly Subject[],
  images: TestImages,
): Promise<Map<string, CertifiedPart>> {
  const parts = new Map<string, CertifiedPart>()
  for (const { header } of subjects.flatMap(({ certificates }) => certificates)) {
    const { name, sha256 } = header.dataset
    const test = await images(name)
    if (!('missing' in test)) parts.set(sha256, hashOfDataset(test) === sha256 ? 'test' : 'other')
  }
  return parts
}

/** Per file of certificates. */
export async function collectGalleries(subjects: readonly Subject[], images: TestImages): Promise<GalleryOf[]> {
  const results: GalleryOf[] = []
  for (const [subject, { name, run, certificates }] of subjects.entries()) {
    for (const file of certificates) {
      const title = run ? `${name}, ${file.name}` : name
      const dataset = await images(file.header.dataset.name)
      const content = 'missing' in dataset ? dataset : await galleryOf(file, dataset)
      results.push({ subject, title, header: file.header, content })
    }
  }
  return results
}

async function galleryOf(file: NamedCertificates, dataset: Dataset): Promise<GalleryOf['content']> {
  const { header, known, rows } = file
  if (hashOfDataset(dataset) !== header.dataset.sha256) {
    return {
      missing: `What was certified are other images than the test images of ${dataset.name}: they cannot be shown.`,
    }
  }
  if (dataset.shape.channels !== 1 && dataset.shape.channels !== 3) {
    return { missing: `Images of ${formatShape(dataset.shape)} cannot be drawn.` }
  }
  const gallery = await chooseExhibits({ rows, header }, dataset, known?.network, EXHIBITS)
  return {
    gallery,
    dataset,
    ...(!known && { note: `${noNetwork(false)} Counterexamples cannot be shown without it.` }),
  }
}
