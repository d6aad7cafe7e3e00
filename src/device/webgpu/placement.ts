/**
 * Where the values of plans lie. Those that are never alive together share a room; every room is a buffer of its own, since
 * no kernel may read and write one buffer. Large values choose first: each takes the room that it fits best.
 */
import type { Plan } from './plan.ts'
import type { Storage } from './values.ts'

export interface Placement {
  /** Bytes of each room, the largest first. */
  readonly rooms: readonly number[]
  /** The room of every storage that is not kept. */
  readonly roomOf: ReadonlyMap<Storage, number>
  /** What stays from step to step. */
  readonly kept: readonly Storage[]
}

interface Life {
  readonly storage: Storage
  readonly first: number
  last: number
}

/** @throws RangeError if a plan reads values that nothing has written */
export function placementOf({ dispatches }: Pick<Plan, 'dispatches'>): Placement {
  const lives = new Map<Storage, Life>()
  const kept = new Set<Storage>()
  dispatches.forEach(({ name, uses }, at) => {
    for (const { values, access } of uses) {
      const { storage } = values
      if (storage.isKept) {
        kept.add(storage)
        continue
      }
      const life = lives.get(storage)
      if (life) life.last = at
      else if (access === 'read') throw new RangeError(`${name} reads ${storage.name}, which nothing has written`)
      else lives.set(storage, { storage, first: at, last: at })
    }
  })
  const rooms: { bytes: number; lives: Life[] }[] = []
  const roomOf = new Map<Storage, number>()
  for (const life of [...lives.values()].sort((a, b) => b.storage.length - a.storage.length)) {
    const isFree = (room: { lives: Life[] }) =>
      room.lives.every(({ first, last }) => last < life.first || first > life.last)
    const free = rooms.filter(isFree)
    const best = free.sort((a, b) => a.bytes - b.bytes)[0]
    const room = best ?? { bytes: bytesOf(life.storage), lives: [] }
    if (!best) rooms.push(room)
    room.lives.push(life)
    roomOf.set(life.storage, rooms.indexOf(room))
  }
  // as the values were made in order of size, so were the rooms
  return { rooms: rooms.map(({ bytes }) => bytes), roomOf, kept: [...kept] }
}

export const bytesOf = ({ length }: Storage): number => Math.max(16, 4 * length)

/** Bytes that a plan takes in all. */
export function memoryOf(placements: readonly Placement[]): number {
  const kept = new Set(placements.flatMap((placement) => placement.kept))
  return sharedRooms(placements).reduce((a, b) => a + b, 0) + [...kept].reduce((sum, one) => sum + bytesOf(one), 0)
}

/** Rooms for plans that never run at the same time: the largest of each, in order of size. */
export function sharedRooms(placements: readonly Placement[]): number[] {
  const shared: number[] = []
  for (const { rooms } of placements) {
    rooms.forEach((bytes, i) => (shared[i] = Math.max(shared[i] ?? 0, bytes)))
  }
  return shared
}
