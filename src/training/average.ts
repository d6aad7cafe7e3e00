/**
 * The average of a network's weights over the steps of training (Polyak & Juditsky 1992), in which older ones weigh less and
 * less. It lies in wider valleys of the loss than the weights of any one step (Izmailov et al. 2018), so that it errs less on
 * images that were not trained on, and needs no small learning rate at the end.
 */

/**
 * Takes the weights after a step into their average, in place.
 * @param decay what the older weights keep, from 0 to below 1; in early steps less, for a plain mean of all so far
 * @param step counts from 1
 */
export function takeIntoAverage(average: Float32Array, parameters: Float32Array, decay: number, step: number): void {
  const share = Math.max(1 - decay, 1 / step)
  for (let i = 0; i < average.length; i++) average[i] += share * (parameters[i] - average[i])
}
