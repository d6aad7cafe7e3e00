/** A network in an engine beside its data set, as attacks and the ladder take it. */
import type { Dataset } from '../data/dataset.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import type { Engine } from '../device/wasm/engine.ts'
import type { Network } from '../model/network.ts'
import type { Subject } from './attack-images.ts'

/** It stays in the engine until a mark from before is released. */
export function subjectOf(engine: Engine, network: Network, dataset: Dataset): Subject {
  const loaded = new LoadedNetwork(engine, network.architecture, false)
  loaded.setParameters(network.parameters)
  return { network, loaded, dataset }
}
