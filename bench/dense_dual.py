#!/usr/bin/env python3
"""The exact LP-dual bound of Wong & Kolter (2018) densely in PyTorch, for the paper's Small networks on images of any
shape: what robustra's speed is compared with, and an oracle for its values. Conv 4x4 stride 2 padding 1 twice, then two
linear layers; rows of the second convolution go through the windows that they see, all other rows are whole.
Usage: dense_dual.py JOB, JSON with
  mode       'certify' or 'step' (forward, backward and the optimiser's step)
  weights    .safetensors, whose tensors lie in the order of the layers, weight before bias
  images     file of bytes, as many as count x shape; labels: the same, one byte per image
  shape      [channels, height, width]; mean, deviation: of each channel, pixels of [0, 1]
  epsilon, count, batch; out: where lower bounds of z_label - z_j go as float32, [image][10]
Prints JSON: ms_per_image, without its start, and certified. Threads: OMP_NUM_THREADS.
"""
import json, os, sys, time
import numpy as np
import torch
import torch.nn.functional as F


def read_layers(path):
    """[(weight, bias)] of a safetensors file, as parameters."""
    raw = open(path, 'rb').read()
    start = 8 + int.from_bytes(raw[:8], 'little')
    header = json.loads(raw[8:start])
    header.pop('__metadata__', None)
    tensors = [torch.tensor(np.frombuffer(raw, '<f4', int(np.prod(t['shape'])), start + t['data_offsets'][0])
                            .reshape(t['shape'])).requires_grad_()
               for t in sorted(header.values(), key=lambda t: t['data_offsets'][0])]
    return list(zip(tensors[::2], tensors[1::2]))


class Ball:
    """Centres and radii of a batch, and every ReLU's slopes and lower bounds, in the order of the layers."""
    def __init__(self, centre, radius):
        self.centre, self.radius, self.relus = centre, radius, []

    def add_relu(self, lower, upper):
        unstable = (lower < 0) & (upper > 0)
        slope = torch.where(unstable, upper / (upper - lower).clamp(min=1e-12), (lower >= 0).float())
        self.relus.append((slope, torch.where(unstable, lower, torch.zeros_like(lower))))


def windows(values, size, stride, padding):
    """(batch, positions, channels * size * size)"""
    return F.unfold(values, size, stride=stride, padding=padding).transpose(1, 2)


def ends(constant, coefficients, gaps, centre, radius):
    """Both ends of bounds. coefficients: (..., row, input); gaps: [(coefficients behind a ReLU, its l where unstable)]."""
    middle = constant + (coefficients @ centre.unsqueeze(-1)).squeeze(-1)
    spread = (coefficients.abs() @ radius.unsqueeze(-1)).squeeze(-1)
    lower, upper = middle - spread, middle + spread
    for nu, gap in gaps:
        lower = lower + ((-nu).clamp(min=0) @ gap.unsqueeze(-1)).squeeze(-1)
        upper = upper - (nu.clamp(min=0) @ gap.unsqueeze(-1)).squeeze(-1)
    return lower, upper


def first_bounds(layers, ball):
    (w, b), conv = layers[0], dict(stride=2, padding=1)
    middle, spread = F.conv2d(ball.centre, w, b, **conv), F.conv2d(ball.radius, w.abs(), **conv)
    return middle - spread, middle + spread


def second_bounds(layers, ball):
    """A position of the second convolution sees 4x4 of the first one's outputs, and they 10x10 of the image."""
    (w1, b1), (w2, b2) = layers[:2]
    slope, gap = ball.relus[0]
    side = slope.shape[2] // 2
    nu = windows(slope, 4, 2, 1).unsqueeze(2) * w2.flatten(1)
    taps = nu.shape[-1]
    down = F.conv_transpose2d(torch.eye(taps).reshape(taps, *w2.shape[1:]), w1, stride=2).flatten(1)
    constant = nu @ b1.repeat_interleave(16) + b2
    lower, upper = ends(constant, nu @ down, [(nu, windows(gap, 4, 2, 1))],
                        windows(ball.centre, 10, 4, 3), windows(ball.radius, 10, 4, 3))
    whole = lambda t: t.transpose(1, 2).reshape(len(t), -1, side, side)
    return whole(lower), whole(upper)


def row_bounds(layers, ball, stage, rows):
    """Bounds of rows (batch, row, output) over the outputs of a linear layer."""
    constant, gaps, nu = 0, [], rows
    for i in range(stage, -1, -1):
        w, b = layers[i]
        if w.dim() == 2:
            constant, nu = constant + nu @ b, nu @ w
        else:
            constant = constant + nu.sum((3, 4)) @ b
            nu = F.conv_transpose2d(nu.flatten(0, 1), w, stride=2, padding=1)
        if i > 0:
            slope, gap = ball.relus[i - 1]
            nu = nu.reshape(len(slope), -1, *slope.shape[1:]) * slope.unsqueeze(1)
            gaps.append((nu.flatten(2), gap.flatten(1)))
    coefficients = nu.reshape(*rows.shape[:2], -1)
    return ends(constant, coefficients, gaps, ball.centre.flatten(1), ball.radius.flatten(1))


def margins(layers, centre, radius, labels):
    """Lower bounds of z_label - z_j, (batch, 10)."""
    ball = Ball(centre, radius)
    ball.add_relu(*first_bounds(layers, ball))
    ball.add_relu(*second_bounds(layers, ball))
    hidden = layers[2][1].numel()
    ball.add_relu(*row_bounds(layers, ball, 2, torch.eye(hidden).expand(len(centre), -1, -1)))
    one_hot = torch.eye(10)
    return row_bounds(layers, ball, 3, one_hot[labels].unsqueeze(1) - one_hot)[0]


def main():
    job = json.loads(sys.argv[1])
    torch.set_num_threads(int(os.environ.get('OMP_NUM_THREADS', '4')))
    layers = read_layers(job['weights'])
    count, batch, shape = job['count'], job['batch'], job['shape']
    colours = lambda name: torch.tensor(job[name]).reshape(1, -1, 1, 1)
    pixels = torch.tensor(np.fromfile(job['images'], np.uint8)[:count * int(np.prod(shape))]).reshape(count, *shape)
    centre = (pixels.float() / 255 - colours('mean')) / colours('deviation')
    radius = (job['epsilon'] / colours('deviation')).expand_as(centre).contiguous()
    labels = torch.tensor(np.fromfile(job['labels'], np.uint8)[:count].astype(np.int64))
    optimiser = torch.optim.Adam([p for layer in layers for p in layer], lr=1e-12)
    began, found = time.perf_counter(), []
    for s in range(0, count, batch):
        part = slice(s, s + batch)
        with torch.set_grad_enabled(job['mode'] == 'step'):
            bounds = margins(layers, centre[part], radius[part], labels[part])
        if job['mode'] == 'step':
            optimiser.zero_grad()
            F.cross_entropy(-bounds, labels[part]).backward()
            optimiser.step()
        found.append(bounds.detach())
    seconds = time.perf_counter() - began
    bounds = torch.cat(found)
    if 'out' in job:
        bounds.numpy().astype('<f4').tofile(job['out'])
    certified = bounds.scatter(1, labels.unsqueeze(1), float('inf')).min(1).values > 0
    print(json.dumps(dict(ms_per_image=1e3 * seconds / count, certified=int(certified.sum()))))


main()
