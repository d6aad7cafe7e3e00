/**
 * What the paper's own PyTorch code takes on an NVIDIA H200: ms per training step of a batch of 50 from random weights, f with
 * gradient, measured by the authors of this program in November 2026 (PyTorch 2.11, its default TF32 convolutions; η chosen in
 * tensors), and what this program is to take there.
 */

export const peersSource =
  "the paper's PyTorch code on an NVIDIA H200, batch 50, random weights (PyTorch 2.11, TF32 convolutions)"

/** In milliseconds. */
interface Reference {
  readonly peer?: number
  readonly goal?: number
}

/** By network, then objective. */
export const references: Readonly<Record<string, Readonly<Record<string, Reference>>>> = {
  'mnist-small': {
    natural: { peer: 3.9, goal: 0.5 },
    interval: { goal: 1 },
    'lp-dual projected': { peer: 18 },
    'robustra projected': { peer: 43, goal: 4 },
    'robustra exact': { peer: 100 },
  },
  'mnist-large': {
    natural: { peer: 3.4, goal: 0.5 },
    interval: { goal: 4 },
    'lp-dual projected': { peer: 72 },
    'robustra projected': { peer: 127, goal: 15 },
  },
  'cifar10-small': {
    natural: { peer: 3.5, goal: 0.5 },
    interval: { goal: 1 },
    'lp-dual projected': { peer: 27 },
    'robustra projected': { peer: 44, goal: 5 },
    'robustra exact': { peer: 143 },
  },
  'cifar10-large': {
    natural: { peer: 4.2, goal: 0.5 },
    interval: { goal: 4 },
    'lp-dual projected': { peer: 88 },
    'robustra projected': { peer: 137, goal: 18 },
  },
  'cifar10-resnet': {
    natural: { peer: 7.1 },
    'lp-dual projected': { peer: 325 },
    'robustra projected': { peer: 506, goal: 45 },
  },
}
