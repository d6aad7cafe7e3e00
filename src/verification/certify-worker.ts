/** A worker of `certify`: task i is a run of images, see src/attacks/inputs.ts. */
import { indicesOfTask } from '../attacks/inputs.ts'
import type { Dataset } from '../data/dataset.ts'
import { Engine } from '../engine/engine.ts'
import { serve } from '../engine/pool.ts'
import { LoadedNetwork } from '../networks/load.ts'
import type { Network } from '../networks/network.ts'
import { type CertifySettings, certifyImages } from './certify-images.ts'
import type { CertifyRow } from './rows.ts'

export interface CertifyData {
  readonly network: Network
  readonly dataset: Dataset
}

export interface CertifyJob extends CertifySettings {
  readonly first: number
  readonly last: number
}

serve<CertifyData>(async ({ network, dataset }) => {
  const loaded = new LoadedNetwork(await Engine.create(), network.architecture, false)
  loaded.setParameters(network.parameters)
  return (_kind, job: CertifyJob, task): CertifyRow[] =>
    certifyImages({ network, loaded, dataset }, indicesOfTask(task, job), job)
})
