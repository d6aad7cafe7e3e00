#!/bin/sh
# Trains the paper's networks on this machine's GPU, certifies them on its CPU, and packs what must come back. Run again, it goes on
# where it was stopped. README.md beside it says what the machine needs.
#
#   sh results/gpu/run.sh [--out DIR] [--data DIR] [--adapter NAME] [--hours N] [--pack] [--smoke]
#
#   --out DIR       folder of the runs (runs/gpu)
#   --data DIR      folder with MNIST and CIFAR-10, if `robustra data download` has not put them where it does
#   --adapter NAME  which GPU
#   --hours N       how long each Large pair may train (8)
#   --pack          only pack what is there
#   --smoke         ten steps of each on one image, Large with few channels, for machines without a GPU: shows that it works
set -u
cd "$(dirname "$0")/../.." || exit 1

out=runs/gpu data='' adapter='' hours=8 only_pack='' smoke=''
while [ $# -gt 0 ]; do
  case $1 in
    --out) out=$2; shift 2 ;;
    --data) data="--data $2"; shift 2 ;;
    --adapter) adapter="--adapter $2"; shift 2 ;;
    --hours) hours=$2; shift 2 ;;
    --pack) only_pack=yes; shift ;;
    --smoke) smoke=yes; shift ;;
    *) echo "unknown option $1: see the head of $0" >&2; exit 2 ;;
  esac
done
mkdir -p "$out"
failed=''

robustra() { node_modules/.bin/node src/cli/main.ts "$@"; }

# ten steps of one image, with few columns
tiny='--training-count 10 --validation-count 2 --batch-size 1 --epochs 1 --ramp-epochs 0
  --bounds projected --projection-dimension 4'
mnist_large=mnist-large cifar10_large=cifar10-large
if [ -n "$smoke" ]; then
  mnist_large='conv 2 3 1 1, relu, conv 2 4 2 1, relu, conv 4 3 1 1, relu, conv 4 4 2 1, relu'
  mnist_large="$mnist_large, linear 16, relu, linear 16, relu, linear"
  cifar10_large=$mnist_large
fi

# train NAME SETTINGS: a run of training, from its last checkpoint if there is one, as long as `limit` allows
limit=''
train() {
  name=$1; shift
  echo "== $name"
  if [ -e "$out/$name/checkpoint.safetensors" ]; then set -- --resume
  else rm -rf "${out:?}/$name"; [ -z "$smoke" ] || set -- "$@" $tiny
  fi
  $limit node_modules/.bin/node src/cli/main.ts train "$@" $data --device gpu $adapter --out "$out/$name"
  code=$?
  # so says timeout that it has stopped it
  [ "$code" -eq 0 ] || { [ -n "$limit" ] && [ "$code" -eq 124 ]; }
}

# certify NAME WEIGHTS ROWS SETTINGS: a row for every test image, from the last one if there are some of these weights
certify() {
  weights=$out/$1/$2 rows=$out/$1/$3; shift 3
  if [ "$rows" -nt "$weights" ]; then set -- "$@" --resume; else rm -f "$rows"; fi
  [ -z "$smoke" ] || set -- "$@" --first 2
  robustra certify "$weights" "$@" $data --out "$rows" --json > "${rows%.jsonl}.summary.json"
}

all='clean,pgd,interval,lp,crown,alpha,complete --timeout 10'
# Large networks without complete search, which takes long for each image that stays open
most=clean,pgd,interval,lp,crown,alpha

# pair NAME DATASET EPSILON STEPS SETTINGS: a Robustra pair by the paper's protocol, LP error over whole balls, the rest over pixels
pair() {
  name=$1 dataset=$2 epsilon=$3 steps=$4; shift 4
  train "$name" "$@" || { failed="$failed $name"; return; }
  certify "$name" best.safetensors lp.jsonl --dataset "$dataset" --epsilon "$epsilon" --domain unbounded --method clean,lp &&
    certify "$name" best.safetensors exact.jsonl --dataset "$dataset" --epsilon "$epsilon" --method $steps ||
    failed="$failed $name"
}

# The paper's text has 0.001 for CIFAR-10, with which SGD learns next to nothing; 0.05 is the rate of the authors' program.
cifar='--learning-rate 0.05'

small_pairs() {
  pair mnist-0.1-small mnist 0.1 "$all" --preset paper-mnist-0.1
  pair mnist-0.3-small mnist 0.3 "$all" --preset paper-mnist-0.3
  pair cifar10-2-small cifar10 2/255 "$all" --preset paper-cifar10-2 $cifar
  pair cifar10-8-small cifar10 8/255 "$all" --preset paper-cifar10-8 $cifar
}

# The settings of results/beat/mnist-0.3-small and results/beat/cifar10-8-small
interval_large() {
  train mnist-0.3-large-interval --dataset mnist --architecture "$mnist_large" --method interval --domain pixels --epsilon 0.3 \
    --epochs 60 --ramp-epochs 20 --halve-every 8 --batch-size 128 --learning-rate 0.001 --regularise 0.5 --empirical-share 0 &&
    certify mnist-0.3-large-interval best.safetensors exact.jsonl --dataset mnist --epsilon 0.3 --method $most ||
    failed="$failed mnist-0.3-large-interval"
  common='--dataset cifar10 --domain pixels --method interval --gradient-clip 10 --empirical-share 0
    --batch-size 128 --learning-rate 0.001 --average 0.999 --loss-exponent 0.7 --validation-count 1000'
  before=$out/cifar10-8-large-interval
  train cifar10-8-large-interval-1 --architecture "$cifar10_large" $common --epsilon 8/255 --augment flip \
    --epsilon-start 0 --ramp-epochs 50 --epochs 131 --halve-every 40 --regularise 0.5 &&
    train cifar10-8-large-interval-2 --architecture "$cifar10_large" $common --epsilon 8/255 --augment flip-shift \
      --epsilon-start 8/255 --ramp-epochs 0 --epochs 60 --halve-every 20 --start "$before-1/f.safetensors" &&
    train cifar10-8-large-interval-3 --architecture "$cifar10_large" $common --epsilon 8.8/255 --augment flip-shift \
      --epsilon-start 8.8/255 --ramp-epochs 0 --epochs 50 --halve-every 20 --start "$before-2/f.safetensors" &&
    certify cifar10-8-large-interval-3 f.safetensors exact.jsonl --dataset cifar10 --epsilon 8/255 --method $most ||
    failed="$failed cifar10-8-large-interval"
}

# As many of the paper's 100 epochs as there is time for: the best network so far is certified.
large_pairs() {
  limit="timeout $((hours * 3600))"
  pair mnist-0.3-large mnist 0.3 "$most" --preset paper-mnist-0.3 --architecture "$mnist_large"
  pair cifar10-8-large cifar10 8/255 "$most" --preset paper-cifar10-8 --architecture "$cifar10_large" $cifar
  limit=''
}

# Networks, logs, settings and certificates, without checkpoints, in files of under 16 MB
pack() {
  robustra info --devices > "$out/machine.txt"
  rm -rf "$out-packed" && mkdir "$out-packed"
  tar czf - -C "$out" --exclude=checkpoint.safetensors . | split -b 15000000 - "$out-packed/gpu.tar.gz."
  ls -l "$out-packed"
}

if [ -z "$only_pack$smoke" ] && ! robustra info --devices --json | grep -q '"isSoftware": false'; then
  echo 'there is no GPU here: robustra info --devices lists what there is; --smoke does without one' >&2
  exit 2
fi
if [ -z "$only_pack" ]; then
  small_pairs
  interval_large
  large_pairs
fi
pack
[ -z "$failed" ] || { echo "failed, so run again:$failed" >&2; exit 1; }
