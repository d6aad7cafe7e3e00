/**
 * The average of a network's weights over the steps of training (Polyak & Juditsky 1992), older ones weighing ever less. It lies
 * in wider valleys of the loss than the weights of any one step (Izmailov et al. 2018), so that it errs less on images that were not
 * trained on, and needs no small learning rate at the end.
 */

/** Weights, and their average. */
interface Averaged {
  readonly parameters: Float32Array
  readonly average: Float32Array
}

/**
 * Takes the weights after a step into their average, in place, from `start` to `end`.
 * @param decay what the older weights keep, from 0 to below 1; in early steps less, for a plain mean of all so far
 * @param step counts from 1
 */
export function takeIntoAverage(
  { parameters, average }: Averaged,
  decay: number,
  step: number,
  start: number,
  end: number,
): void {
  const share = Math.max(1 - decay, 1 / step)
  for (let i = start; i < end; i++) average[i] += share * (parameters[i] - average[i])
}
