/** What a report is about: runs with the certificates of their networks, and certificates that stand for themselves. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { certificatesName, isCertificates, readCertificates } from './read-certificates.ts'
import type { KnownNetwork, Subject } from '../../report/subject.ts'
import { isRunFolder, knownNetwork, networksIn, readRun } from './read-run.ts'

/** Colours that can be told apart. */
const MOST_SUBJECTS = 8

/**
 * Reads runs and certificates. Certificates go with the run that their network is of, even if they lie elsewhere.
 * @param paths folders of `robustra train`, with the certificates in them, folders of such folders, and single files of
 *   `robustra certify`
 * @param networkPaths further networks that certificates may be of
 * @throws UserError for a path that is neither, a damaged file, none at all or too many
 */
export function readSubjects(paths: readonly string[], networkPaths: readonly string[] = []): Subject[] {
  const chosen = unique(paths)
  const folders = chosen.filter(isFolder)
  const runs = unique(folders.flatMap(runsIn)).map(readRun)
  const inside = [
    ...runs.flatMap(({ path }) => certificatesIn(path).map((file) => ({ owner: path, path: file }))),
    ...folders
      .filter((path) => !isRunFolder(path))
      .flatMap(certificatesIn)
      .map((path) => ({ owner: undefined, path })),
  ]
  const single = chosen.filter((path) => !isFolder(path)).map((path) => ({ owner: undefined, path }))
  const files = [...new Map([...single, ...inside].map((file) => [resolve(file.path), file])).values()]

  const given = networkPaths.map(knownNetwork)
  const ownersOf = files.map(({ owner, path }) => {
    const certificates = readCertificates(path)
    const { sha256 } = certificates.header.network
    const isIt = (candidate: KnownNetwork) => candidate.sha256 === sha256
    const run = runs.find(({ networks }) => networks.some(isIt)) ?? runs.find((run) => run.path === owner)
    const known = run?.networks.find(isIt) ?? given.find(isIt) ?? networksIn(dirname(path)).find(isIt)
    return { run, certificates: { ...certificates, name: nameOf(path), known } }
  })
  const subjects = [
    ...runs.map((run) => ({
      name: basename(resolve(run.path)),
      longName: run.path,
      run,
      certificates: ownersOf.filter((one) => one.run === run).map(({ certificates }) => certificates),
    })),
    ...ownersOf
      .filter(({ run }) => !run)
      .map(({ certificates }) => ({
        name: certificates.name,
        longName: certificates.path,
        run: undefined,
        certificates: [certificates],
      })),
  ]
  if (subjects.length === 0) throw new UserError('no run: give the folder of a run, or a file of certificates')
  if (subjects.length > MOST_SUBJECTS) {
    throw new UserError(`a report compares at most ${MOST_SUBJECTS} runs, not ${subjects.length}: leave some out`)
  }
  const isUnique = (name: string) => subjects.filter((subject) => subject.name === name).length === 1
  return subjects.map(({ longName, ...subject }) => ({
    ...subject,
    name: isUnique(subject.name) ? subject.name : longName,
  }))
}

const unique = (paths: readonly string[]): string[] =>
  paths.filter((path, i) => paths.findIndex((other) => resolve(other) === resolve(path)) === i)

/** 'seed-2' before 'seed-10'. */
const { compare: byNumbers } = new Intl.Collator('en', { numeric: true })

/** The folder itself if it is that of a run, or else those of the runs in it. @throws UserError if there is none */
function runsIn(path: string): string[] {
  if (isRunFolder(path)) return [path]
  const runs = readdirSync(path)
    .toSorted(byNumbers)
    .map((name) => join(path, name))
    .filter(isRunFolder)
  if (runs.length > 0 || certificatesIn(path).length > 0) return runs
  throw new UserError(
    `${path} is not the folder of a run (no config.json), and holds none: give one that robustra train made`,
  )
}

const certificatesIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => certificatesName(name) !== undefined && isCertificates(join(folder, name)))
    .toSorted()
    .map((name) => join(folder, name))

const nameOf = (path: string) => certificatesName(basename(path)) ?? basename(path)

/** @throws UserError if there is nothing */
function isFolder(path: string): boolean {
  if (!existsSync(path)) throw new UserError(`there is no ${path}: give the folder of a run, or a file of certificates`)
  return statSync(path).isDirectory()
}
