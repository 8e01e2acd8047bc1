#!/bin/bash
# run.sh [FOLDER]: the recipe of README.md without a screen: three cameras, one after the
# other, are watched by one program. Leaves pictures of movements in the folder, by default
# the current one.
set -euo pipefail

mkdir -p "${1:-.}"
out=$(realpath "${1:-.}")
cd "$(dirname "$0")"
. ../../tools/paths.sh
use_go
program=$(mktemp -d)
watcher=
# shellcheck disable=SC2086 # one or no process
trap 'kill -KILL $watcher 2>/dev/null || true; rm -rf "$program"' EXIT

# camera PATTERN CAPS: two seconds of it, as fast as the program looks.
camera() {
    gst-launch-1.0 -q videotestsrc num-buffers=60 pattern="$1" ! "video/x-raw,$2,framerate=30/1" \
        ! bipssink pool=camera0 wait-for-consumers=1 sync=false
}

CGO_ENABLED=0 go build -o "$program/analyse" .
"$program/analyse" -pool camera0 -every -out "$out" &
watcher=$!
camera checkers-8 format=NV12,width=640,height=480
camera ball format=I420,width=322,height=241
camera black format=Y42B,width=320,height=240
# The cameras before this one were looked at to their ends; of this one a few frames may be left.
camera ball format=RGB,width=321,height=240
kill -INT $watcher
wait $watcher
watcher=
