#!/usr/bin/env python3
"""Times dense dual passes of the peer (its file is the first argument): one bound of one margin per image, with the
bounds of all hidden layers given, which is what a branch and bound needs for each sub-problem and step.
Usage: dense_passes.py PEER.py WEIGHTS.safetensors DATA_DIR EPSILON BATCH; prints JSON.
"""
import json, os, sys, time, types
import numpy as np
import torch

# the peer runs its main() when it is imported: all but that call
peer = types.ModuleType('peer')
source = open(sys.argv[1]).read()
exec(compile(source[:source.rindex('main()')], sys.argv[1], 'exec'), peer.__dict__)
weights, data, eps, batch = sys.argv[2], sys.argv[3], float(sys.argv[4]), int(sys.argv[5])
torch.set_num_threads(int(os.environ.get('OMP_NUM_THREADS', '4')))
net = peer.Small()
stored = peer.safetensors(weights)
with torch.no_grad():
    for p in [*net.w, *net.b]:
        p.copy_(torch.tensor(stored[tuple(p.shape)]))
    x = torch.tensor(peer.idx(f'{data}/t10k-images-idx3-ubyte.gz')[:batch].astype(np.float32) / 255).unsqueeze(1)
    y = torch.tensor(peer.idx(f'{data}/t10k-labels-idx1-ubyte.gz')[:batch].astype(np.int64))
    c = (torch.eye(10)[y] - torch.eye(10)[(y + 1) % 10]).unsqueeze(1)
    relus = net.relus(x, eps)
    net.bounds(3, c, x, eps, relus)
    started, passes = time.perf_counter(), 0
    while time.perf_counter() - started < 3:
        net.bounds(3, c, x, eps, relus)
        passes += batch
print(json.dumps(dict(passes_per_second=passes / (time.perf_counter() - started))))
