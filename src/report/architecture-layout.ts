/** Where the layers of an architecture stand in a drawing: rows from top to bottom, a lane for each branch. */
import type { Layer } from '../model/layers.ts'
import { type Architecture, sourceOf } from '../model/network.ts'

/** Kinds that are drawn. Flattening changes nothing that one could see. */
export type DrawnKind = Exclude<Layer['kind'], 'flatten'> | 'input'

export interface Place {
  /** Of the layer, −1 for the input. */
  readonly index: number
  readonly kind: DrawnKind
  readonly row: number
  readonly lane: number
  /** The places that it reads; of a sum, the layer before comes first. */
  readonly from: readonly Place[]
}

/** The input and all layers except for flattenings, in their order; no two in one row and lane. */
export function placesOf(architecture: Architecture): Place[] {
  const input: Place = { index: -1, kind: 'input', row: 0, lane: 0, from: [] }
  const places = [input]
  /** What is drawn for each value. */
  const drawn = [input]
  architecture.layers.forEach((layer, index) => {
    const source = drawn[sourceOf(architecture, index) + 1]
    if (layer.kind === 'flatten') return void drawn.push(source)
    const from = layer.kind === 'add' ? [source, drawn[layer.other + 1]] : [source]
    const row = 1 + Math.max(...from.map((place) => place.row))
    const between = places.filter((place) => place.index > source.index)
    const isBranch = layer.kind !== 'add' && between.length > 0
    const beside = isBranch ? 1 + Math.max(...between.map(({ lane }) => lane)) : 0
    const lane = isBranch ? Math.max(beside, source.lane + 1) : Math.min(...from.map((place) => place.lane))
    const place = { index, kind: layer.kind, row, lane: firstFree(places, row, lane), from }
    places.push(place)
    drawn.push(place)
  })
  return places
}

function firstFree(places: readonly Place[], row: number, lane: number): number {
  const isTaken = (at: number) => places.some((place) => place.row === row && place.lane === at)
  let free = lane
  while (isTaken(free)) free++
  return free
}
