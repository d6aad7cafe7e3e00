/**
 * Cross-entropy of scores, weighted losses and gradients in one kernel, since losses are where the way back starts:
 *
 *   ℓ = log Σ_c exp(s_c − s_y),  or with an exponent q > 0 of the step (1 − exp(−q·ℓ))/q
 *
 * and the expressive losses of two kinds of scores (src/training/losses/expressive.ts). One thread per example. An example with
 * a score that is not finite has NaN for its loss and gradient; those beyond `step.count` have zeros.
 * They certify nothing. Sources: Zhang & Sabuncu 2018; De Palma et al. 2024.
 */
import type { Batch } from './batch.ts'
import { type Use, read, update, write } from './kernel.ts'
import { finiteness, nearOne } from './numerics.ts'
import type { Plan } from './plan.ts'
import type { Values } from './values.ts'

/** Logits or bounds of margins: that of class c of example e lies at c · classStep + e · exampleStep. One step is 1. */
export interface Scores {
  readonly values: Values
  readonly classes: number
  readonly classStep: number
  readonly exampleStep: number
}

/** Logits, [class][stride]. */
export const logitsOf = (values: Values, { stride }: Batch): Scores => ({
  ...{ values, classes: values.length / stride, classStep: stride, exampleStep: 1 },
})

/** Margins, [example · each + target]. */
export const marginsOf = (values: Values, classes: number, each: number): Scores => ({
  ...{ values, classes, classStep: 1, exampleStep: each },
})

/** Which part of an example's weight a loss has: all of it, the share of the empirical loss, or what that leaves. */
const shares = { all: '1.0', bounds: '1.0 - step.empiricalShare', empirical: 'step.empiricalShare' } as const

interface Labelled {
  /** Whole numbers, [stride]. */
  readonly labels: Values
  readonly batch: Batch
}

/**
 * Writes weight · share · gradient into the gradient of the scores if it is wanted.
 * @returns weight · share · loss of each example, [stride]
 */
export function crossEntropy(
  plan: Plan,
  { scores, labels, batch, share }: Labelled & { readonly scores: Scores; readonly share: keyof typeof shares },
): Values {
  const loss = plan.values('losses', batch.stride)
  const { classes } = scores
  const place = placeOf('scores', scores, batch)
  const main = `  let label = labels[i];
  let isReal = i < step.count;
  let weight = select(0.0, step.weight * (${shares[share]}), isReal);
  var own: array<f32, ${classes}>;
  ${place.load('own')}
  let entropy = entropyOf(&own, label);
  ${place.store(`weight * slopeOf(&own, label, entropy, c)`, 'entropy.isFinite')}
  loss[i] = select(0u, select(NOT_A_NUMBER, bitcast<u32>(weight * entropy.loss), entropy.isFinite), isReal);`
  plan.each(
    'cross-entropy',
    batch.stride,
    { labels: read(labels, 'u32'), ...place.uses, loss: write(loss, 'u32') },
    main,
    entropyFunctions(classes),
  )
  return loss
}

/** So small a loss has no gradient to speak of, and would be divided by. */
const leastLoss = 'const LEAST_LOSS = 1e-9;'

/** With α = 1 − the share of the empirical loss: what becomes of weights and gradients. */
const combinations = {
  // the loss sees differences only, so that logits do for margins
  margins: (classes: number) => `  var mixed: array<f32, ${classes}>;
  for (var c = 0u; c < ${classes}u; c++) { mixed[c] = alpha * bounds[c] + (1.0 - alpha) * empirical[c]; }
  let entropy = entropyOf(&mixed, label);
  let finite = entropy.isFinite;
  let combined = entropy.loss;`,
  logarithms: () => `  let ofBounds = entropyOf(&bounds, label);
  let ofEmpirical = entropyOf(&empirical, label);
  let finite = ofBounds.isFinite && ofEmpirical.isFinite;
  let m = max(LEAST_LOSS, ofBounds.loss);
  let z = max(LEAST_LOSS, ofEmpirical.loss);
  let combined = pow(m, alpha) * pow(z, 1.0 - alpha);`,
} as const

const slopes = {
  margins: { bounds: 'slopeOf(&mixed, label, entropy, c)', empirical: 'slopeOf(&mixed, label, entropy, c)' },
  logarithms: {
    bounds: 'combined / m * slopeOf(&bounds, label, ofBounds, c)',
    empirical: 'combined / z * slopeOf(&empirical, label, ofEmpirical, c)',
  },
} as const

/**
 * CC-IBP (margins) and Exp-IBP (logarithms) of bounds of margins and of an attack's scores.
 * Writes weight · gradient into the gradients of both if they are wanted.
 * @returns weight · loss of each example, [stride]
 */
export function combined(
  plan: Plan,
  pair: Labelled & {
    readonly bounds: Scores
    readonly empirical: Scores
    readonly how: keyof typeof combinations
  },
): Values {
  const { bounds, empirical, labels, batch, how } = pair
  const loss = plan.values('losses', batch.stride)
  const { classes } = bounds
  const [ofBounds, ofEmpirical] = [placeOf('bounds', bounds, batch), placeOf('empirical', empirical, batch)]
  const main = `  let label = labels[i];
  let isReal = i < step.count;
  let weight = select(0.0, step.weight, isReal);
  let alpha = 1.0 - step.empiricalShare;
  var bounds: array<f32, ${classes}>;
  var empirical: array<f32, ${classes}>;
  ${ofBounds.load('bounds')}
  ${ofEmpirical.load('empirical')}
${combinations[how](classes)}
  ${ofBounds.store(`weight * alpha * ${slopes[how].bounds}`, 'finite')}
  ${ofEmpirical.store(`weight * (1.0 - alpha) * ${slopes[how].empirical}`, 'finite')}
  loss[i] = select(0u, select(NOT_A_NUMBER, bitcast<u32>(weight * combined), finite), isReal);`
  plan.each(
    `combined ${how}`,
    batch.stride,
    { labels: read(labels, 'u32'), ...ofBounds.uses, ...ofEmpirical.uses, loss: write(loss, 'u32') },
    main,
    `${leastLoss}\n${entropyFunctions(classes)}`,
  )
  return loss
}

/**
 * 1 for every real example whose label has not the largest score, of equal ones the first, or that has a score which is not
 * finite, else 0. [stride]
 * @param before errors that count whatever the scores are, [stride]
 */
export function countErrors(
  plan: Plan,
  { scores, labels, batch, before }: Labelled & { readonly scores: Scores; readonly before?: Values },
): Values {
  const errors = plan.values('errors', batch.stride)
  const place = placeOf('scores', { ...scores, values: scores.values.detached() }, batch)
  plan.each(
    'errors',
    batch.stride,
    { labels: read(labels, 'u32'), ...place.uses, ...(before && { before: read(before) }), errors: write(errors) },
    `  var own: array<f32, ${scores.classes}>;
  ${place.load('own')}
  var best = 0u;
  var isWrong = false;
  for (var c = 0u; c < ${scores.classes}u; c++) {
    if (own[c] > own[best]) { best = c; }
    isWrong = isWrong || !isFinite(own[c]);
  }
  isWrong = isWrong || best != labels[i]${before ? ' || before[i] > 0.0' : ''};
  errors[i] = select(0.0, 1.0, i < step.count && isWrong);`,
    finiteness,
  )
  return errors
}

/** WGSL that takes the scores of example i from their place, and puts their gradient there. */
function placeOf(name: string, { values, classes, classStep, exampleStep }: Scores, { size, stride }: Batch) {
  const examples = exampleStep === 1 ? stride : size
  // of margins, padding targets lie behind the classes
  const each = values.length / examples
  const at = `c * ${classStep}u + i * ${exampleStep}u`
  const target = values.wantsGradient ? values.intoGradient() : undefined
  const uses: Record<string, Use> = { [`${name}In`]: read(values) }
  if (target) uses[`${name}Gradient`] = (target.accumulate ? update : write)(target.values, 'u32')
  return {
    uses,
    load: (variable: string) =>
      `if (i < ${examples}u) { for (var c = 0u; c < ${classes}u; c++) { ${variable}[c] = ${name}In[${at}]; } }`,
    store: (slope: string, isFinite: string) => {
      if (!target) return ''
      const sum = target.accumulate ? `bitcast<f32>(${name}Gradient[${at}]) + slope` : 'slope'
      const unless = target.accumulate ? 'i < step.count' : `i < ${examples}u`
      return `if (${unless}) { for (var c = 0u; c < ${target.accumulate ? classes : each}u; c++) {
    var slope = 0.0;
    if (c < ${classes}u && isReal) { slope = ${slope}; }
    ${name}Gradient[${at}] = select(NOT_A_NUMBER, bitcast<u32>(${sum}), ${isFinite} || !isReal);
  } }`
    },
  }
}

/** The entropy of scores, generalised, and its derivative by one of them. */
const entropyFunctions = (classes: number) => `${finiteness}
${nearOne}
struct Entropy { loss: f32, largest: f32, own: f32, others: f32, damping: f32, isFinite: bool }
fn entropyOf(scores: ptr<function, array<f32, ${classes}>>, label: u32) -> Entropy {
  var entropy: Entropy;
  entropy.isFinite = true;
  entropy.largest = (*scores)[0];
  for (var c = 0u; c < ${classes}u; c++) {
    entropy.isFinite = entropy.isFinite && isFinite((*scores)[c]);
    entropy.largest = max(entropy.largest, (*scores)[c]);
  }
  let behind = entropy.largest - (*scores)[label];
  entropy.own = select(exp(-behind), 1.0, behind == 0.0);
  // summed without the label: where it leads, the loss is all that the others have
  for (var c = 0u; c < ${classes}u; c++) {
    if (c != label) { entropy.others += exp((*scores)[c] - entropy.largest); }
  }
  entropy.loss = select(behind + log(entropy.own + entropy.others), log1p(entropy.others), behind == 0.0);
  // d(1 − p^q)/q = p^q · d(−log p)
  let q = step.lossExponent;
  entropy.damping = 1.0;
  if (q > 0.0) {
    entropy.damping = exp(-q * entropy.loss);
    entropy.loss = lost(q * entropy.loss) / q;
  }
  return entropy;
}
fn slopeOf(scores: ptr<function, array<f32, ${classes}>>, label: u32, entropy: Entropy, c: u32) -> f32 {
  let sum = entropy.own + entropy.others;
  let share = select(exp((*scores)[c] - entropy.largest), -entropy.others, c == label);
  return entropy.damping * share / sum;
}`
