/** Certificates one by one, each with a title that tells it from the others of a report. */
import type { NamedCertificates, Subject } from './subject.ts'

export interface TitledCertificates extends NamedCertificates {
  /** Index of the subject, which decides the colour. */
  readonly subject: number
  readonly title: string
}

export const titledCertificates = (subjects: readonly Subject[]): TitledCertificates[] =>
  subjects.flatMap(({ name, run, certificates }, subject) =>
    certificates.map((file) => ({ ...file, subject, title: run ? `${name}, ${file.name}` : name })),
  )
