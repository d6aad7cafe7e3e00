/**
 * What attacks climb: functions of the logits z that grow as the network moves away from the label y.
 *
 *   soft margin         log Σ_{c≠y} e^{z_c} − z_y                                 = log(e^{cross-entropy} − 1)
 *   targeted DLR        (z_t − z_y) / (z_(1) − (z_(3) + z_(4))/2)                 z_(1) ≥ z_(2) ≥ … the logits in order
 *   difference          z_t − z_y
 *
 * The soft margin orders points as the cross-entropy does, and its gradient is the cross-entropy's divided by the
 * probability of error: the direction is the same, but it does not vanish where the network is sure.
 * Source: Croce & Hein 2020, Equation 7 (targeted DLR loss).
 */

/** Writes the gradient by the logits. @returns the value */
export type Loss = (logits: ArrayLike<number>, gradient: Float64Array) => number

export const softMargin =
  (label: number): Loss =>
  (logits, gradient) => {
    let largest = -Infinity
    for (let c = 0; c < logits.length; c++) if (c !== label) largest = Math.max(largest, logits[c])
    let sum = 0
    for (let c = 0; c < logits.length; c++) if (c !== label) sum += Math.exp(logits[c] - largest)
    for (let c = 0; c < logits.length; c++) {
      gradient[c] = c === label ? -1 : Math.exp(logits[c] - largest) / sum
    }
    return largest + Math.log(sum) - logits[label]
  }

export const difference =
  (label: number, target: number): Loss =>
  (logits, gradient) => {
    gradient.fill(0)
    gradient[target] = 1
    gradient[label] = -1
    return logits[target] - logits[label]
  }

/** Logits that are all equal have no spread to divide by. */
const NO_SPREAD = 1e-12

/** Does not change when all logits are scaled or moved. @throws RangeError with fewer than 4 classes: it needs four logits */
export const targetedRatio =
  (label: number, target: number): Loss =>
  (logits, gradient) => {
    if (logits.length < 4) throw new RangeError(`the targeted DLR loss needs 4 classes, not ${logits.length}`)
    const order = Array.from(logits, (_, c) => c).toSorted((a, b) => logits[b] - logits[a])
    const [first, , third, fourth] = order as [number, number, number, number]
    const spread = logits[first] - (logits[third] + logits[fourth]) / 2 + NO_SPREAD
    const value = (logits[target] - logits[label]) / spread
    gradient.fill(0)
    gradient[target] += 1 / spread
    gradient[label] -= 1 / spread
    gradient[first] -= value / spread
    gradient[third] += value / spread / 2
    gradient[fourth] += value / spread / 2
    return value
  }

/** What a targeted attack climbs: the DLR loss, or with fewer than the 4 classes that it needs the plain difference. */
export const targetedLoss = (classes: number, label: number, target: number): Loss =>
  (classes < 4 ? difference : targetedRatio)(label, target)
