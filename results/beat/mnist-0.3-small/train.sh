#!/bin/sh
# Trains models/mnist-small-0.3-pixels.safetensors anew. The network is runs/m03/best.safetensors, of epoch 50.
# A run that is cut goes on with: npx robustra train --resume --out runs/m03
set -e
npx robustra train --dataset mnist --method interval --domain pixels --epsilon 0.3 --epochs 60 --ramp-epochs 20 --halve-every 8 \
  --batch-size 128 --learning-rate 0.001 --regularise 0.5 --empirical-share 0 --out runs/m03
