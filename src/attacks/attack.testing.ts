/** For tests: a whole attack at once. */
import type { Dataset } from '../data/dataset.ts'
import type { Network } from '../model/network.ts'
import { type AttackRow, summariseAttack } from './attack-row.ts'
import { type AttackRunOptions, attack, attackHeader } from './attack.ts'

export async function attackAll(network: Network, dataset: Dataset, options: AttackRunOptions) {
  const rows: AttackRow[] = []
  for await (const row of attack(network, dataset, options)) rows.push(row)
  return { rows, summary: summariseAttack(attackHeader(network, dataset, options), rows) }
}
