#!/bin/sh
# Trains models/cifar10-small-8-pixels.safetensors anew: intervals while ε grows, then with the loss's exponent. The network is
# runs/c8-2/best.safetensors. A run that is cut goes on with: npx robustra train --resume --out runs/c8-…
set -e
common='--dataset cifar10 --domain pixels --epsilon 8/255 --method interval --augment none --gradient-clip 10 --empirical-share 0
  --batch-size 128 --validation-count 1000'
npx robustra train $common --epsilon-start 0 --epochs 16 --ramp-epochs 7 --halve-every 3 --learning-rate 0.001 --regularise 0.5 \
  --out runs/c8-1
npx robustra train $common --epsilon-start 8/255 --ramp-epochs 0 --loss-exponent 0.7 --epochs 12 --halve-every 3 --learning-rate 0.001 \
  --start runs/c8-1 --out runs/c8-2
