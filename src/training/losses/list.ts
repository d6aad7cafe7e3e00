/** All losses, in the order in which help lists them. A new loss is a file beside this one, and a line here. */
import { adversarial } from './adversarial.ts'
import { interval } from './interval.ts'
import type { Loss } from './loss.ts'
import { lpDual } from './lp-dual.ts'
import { natural } from './natural.ts'
import { orthogonal } from './orthogonal.ts'
import { robustra } from './robustra.ts'
import { taps } from './taps.ts'

export const losses = [natural, adversarial, interval, taps, lpDual, robustra, orthogonal] as const

/** A training method: the name of the loss that it minimises. */
export type Method = (typeof losses)[number]['name']

export const methods: readonly Method[] = losses.map(({ name }) => name)

export const lossOf = (method: Method): Loss => losses.find(({ name }) => name === method)!

/** Whether a method trains f with g as its reference: Robustra both in turn, 'orthogonal' f, and g naturally. */
export const trainsPair = (method: Method): boolean => lossOf(method).reference !== undefined
