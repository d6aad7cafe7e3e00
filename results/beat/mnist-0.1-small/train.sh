#!/bin/sh
# Trains models/mnist-small-0.1-pixels.safetensors anew: MTL-IBP with batch normalisation, in four runs. The network is
# runs/m01-4/best.safetensors. A run that is cut goes on with: npx robustra train --resume --out runs/m01-…
set -e
common='--dataset mnist --method interval --domain pixels --epsilon 0.1 --batch-norm --batch-size 128 --regularise 0
  --empirical adversarial --attack-steps 4 --validation-count 1000'
from='--epsilon-start 0.1 --ramp-epochs 0'
npx robustra train $common --epochs 18 --ramp-epochs 3 --halve-every 3 --learning-rate 0.002 --empirical-share 0.98 --out runs/m01-1
npx robustra train $common $from --epochs 15 --halve-every 3 --learning-rate 0.002 --empirical-share 0.995 \
  --start runs/m01-1/best.safetensors --out runs/m01-2
npx robustra train $common $from --epochs 14 --halve-every 2.5 --learning-rate 0.002 --empirical-share 0.99 --augment shift \
  --start runs/m01-2/best.safetensors --out runs/m01-3
npx robustra train $common $from --epochs 15 --halve-every 6 --learning-rate 0.003 --empirical-share 0.995 --augment shift \
  --average 0.999 --start runs/m01-3/f.safetensors --out runs/m01-4
