/** All families of questions, made from seeds and the networks in models/. */
import { collisionFamily } from './collision.ts'
import { conjunctionFamily } from './conjunctions.ts'
import { controlFamily } from './control.ts'
import { imageFamily } from './images.ts'
import { indexFamily } from './indices.ts'
import type { Family } from './question.ts'
import { regressorFamily } from './regressors.ts'

export const families: readonly ((seed: number) => Family)[] = [
  collisionFamily,
  controlFamily,
  conjunctionFamily,
  indexFamily,
  regressorFamily,
  imageFamily,
]
