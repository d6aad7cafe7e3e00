/** The header of a file of certificates: what identifies a run. */
import { packageVersion } from '../../base/version.ts'
import { type Plan, isGraph } from '../../ladder/plan.ts'
import type { CertifyHeader } from '../../ladder/header.ts'
import { hashOfDataset } from './hash.ts'
import type { Target } from './target-file.ts'

export function headerOf({ identity }: Target, plan: Plan): CertifyHeader {
  const { network, dataset, ball, steps: methods, ensemble, search } = plan
  const { steps, stepSize, restarts, randomStart, seed } = plan.attack
  const attack = { steps, restarts, seed, ...(!isGraph(network) && { stepSize, randomStart }) }
  return {
    format: 'robustra certificates',
    version: 2,
    robustra: packageVersion,
    network: identity,
    dataset: { name: dataset.name, sha256: hashOfDataset(dataset) },
    ...(dataset.classNames && { classNames: dataset.classNames }),
    ...ball,
    methods,
    ...(methods.includes('pgd') && { attack }),
    ...(methods.includes('auto') && { ensemble }),
    ...(methods.includes('complete') && { search }),
  }
}
