/** What a report is about: runs with the certificates of their networks, and certificates that stand for themselves. */
import type { CertifyHeader } from '../ladder/header.ts'
import type { CertifyRow } from '../ladder/rows.ts'
import type { CertifySummary } from '../ladder/run-summary.ts'
import type { Network } from '../model/network.ts'
import type { Epoch } from './epoch.ts'

export interface Subject {
  /** For people, and unlike all others. */
  readonly name: string
  readonly run: RunData | undefined
  readonly certificates: readonly NamedCertificates[]
}

export interface NamedCertificates extends Certificates {
  readonly name: string
  /** What they are of, if it was found. */
  readonly known: KnownNetwork | undefined
}

export type Settings = Readonly<Record<string, unknown>>

export interface RunData {
  readonly path: string
  /** Those that the run was started with; what its version did not know yet has its default. */
  readonly settings: Settings
  /** What they would be if no more than the data set, the architecture and the epochs had been chosen. */
  readonly defaults: Settings
  /** A row per network and epoch. */
  readonly log: readonly Epoch[]
  /** best, f and g, as far as they are there. */
  readonly networks: readonly KnownNetwork[]
}

/** A network that certificates may be of. */
export interface KnownNetwork {
  /** For people: 'g, epoch 6'. */
  readonly name: string
  readonly path: string
  readonly network: Network
  readonly sha256: string
}

export interface Certificates {
  readonly path: string
  readonly header: CertifyHeader
  /** By index. */
  readonly rows: readonly CertifyRow[]
  readonly summary: CertifySummary
}
