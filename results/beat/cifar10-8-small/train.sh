#!/bin/sh
# Trains models/cifar10-small-8-pixels.safetensors anew: intervals with flips while ε grows slowly and on at a falling learning rate,
# then on images that are also moved by up to a pixel, in the end at a larger ε. The network is runs/c8-3/f.safetensors.
# The first run was begun with --epochs 170 (1.config.json), which changes nothing about its first 131; the others from its network
# under other names. A run that is cut goes on with: npx robustra train --resume --out runs/c8-…
set -e
common='--dataset cifar10 --domain pixels --method interval --gradient-clip 10 --empirical-share 0 --batch-size 128
  --learning-rate 0.001 --average 0.999 --loss-exponent 0.7 --validation-count 1000'
npx robustra train $common --epsilon 8/255 --augment flip --epsilon-start 0 --ramp-epochs 50 --epochs 131 --halve-every 40 \
  --regularise 0.5 --out runs/c8-1
npx robustra train $common --epsilon 8/255 --augment flip-shift --epsilon-start 8/255 --ramp-epochs 0 --epochs 60 --halve-every 20 \
  --start runs/c8-1/f.safetensors --out runs/c8-2
npx robustra train $common --epsilon 8.8/255 --augment flip-shift --epsilon-start 8.8/255 --ramp-epochs 0 --epochs 50 --halve-every 20 \
  --start runs/c8-2/f.safetensors --out runs/c8-3
