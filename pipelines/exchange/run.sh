#!/bin/bash
# run.sh [SECONDS]: the exchanges of README.md, each for so long (1): in C, and in Go if there is one.
set -euo pipefail

cd "$(dirname "$0")"
. ../libbips.sh
use_libbips
. ../../tools/paths.sh
seconds=${1:-1}
built=$(mktemp -d)
consumer=
# shellcheck disable=SC2086 # one or no process
trap 'kill -KILL $consumer 2>/dev/null || true; rm -rf "$built"' EXIT

for side in producer consumer; do
    # shellcheck disable=SC2046 # pkg-config's words are several
    cc -O2 $side.c -o "$built/$side" $(pkg-config --cflags --libs bips) -lm
done
sides=("$built/producer" "$built/consumer")

# exchange SIZE BUFFERS [touch]
exchange() {
    ${sides[1]} exchange "$1" "$2" "$seconds" "${@:3}" >"$built/said" &
    consumer=$!
    ${sides[0]} exchange "$1" "$2" "$seconds" "${@:3}"
    wait $consumer
    consumer=
    cat "$built/said"
}

# exchanges LANGUAGE: of the smallest buffers, and of pictures of 3840 by 2160 in RGBA.
exchanges() {
    echo "== $1, 4 bytes"
    for buffers in 2 4 10 20; do exchange 4 $buffers; done
    echo "== $1, 4K RGBA, every byte written and read"
    for buffers in 2 4 10; do exchange 33177600 $buffers touch; done
    echo "== $1, 4K RGBA, handed over as it is"
    for buffers in 2 4 10; do exchange 33177600 $buffers; done
}

exchanges C
if (use_go) 2>/dev/null; then
    use_go
    CGO_ENABLED=0 go build -o "$built/exchange" ./go
    sides=("$built/exchange producer" "$built/exchange consumer")
    exchanges Go
else
    echo "there is no Go here: only C was measured"
fi
