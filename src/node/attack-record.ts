/** What keeps the adversarial examples of a run: pictures in a folder, or arrays in a file. */
import type { AttackRow } from '../attacks/attack-row.ts'

export interface AttackRecord {
  /** Takes an image's adversarial example, if it has one. @returns the file that is there now */
  save(row: AttackRow): string | undefined
  /** Writes what is not written yet. @throws UserError if it cannot be written */
  finish(): void
  /** Gives up its lock. */
  close(): void
}
