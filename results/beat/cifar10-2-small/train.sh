#!/bin/sh
# Trains models/cifar10-small-2-pixels.safetensors anew: a loose network by MTL-IBP with batch normalisation, in two runs, then exact LP-dual.
# The network is runs/c2-3/f.safetensors. A run that is cut goes on with: npx robustra train --resume --out runs/c2-…
set -e
common='--dataset cifar10 --domain pixels --epsilon 2/255 --augment flip --gradient-clip 10 --empirical adversarial
  --attack-steps 2 --validation-count 1000'
npx robustra train $common --method interval --batch-norm --epsilon-start 0 --epochs 13 --ramp-epochs 3 --halve-every 2.5 \
  --batch-size 128 --learning-rate 0.002 --empirical-share 0.95 --loss-exponent 0.3 --out runs/c2-1
npx robustra train $common --method interval --batch-norm --epsilon-start 2/255 --epochs 11 --ramp-epochs 0 --halve-every 5 \
  --batch-size 128 --learning-rate 0.002 --empirical-share 0.95 --loss-exponent 0.2 --start runs/c2-1/f.safetensors --out runs/c2-2
npx robustra train $common --method lp-dual --average 0.998 --epsilon-start 2/255 --epochs 6 --ramp-epochs 0 --halve-every 1.5 \
  --batch-size 64 --learning-rate 0.0016 --empirical-share 0.6 --loss-exponent 0.3 --start runs/c2-2/f.safetensors --out runs/c2-3
