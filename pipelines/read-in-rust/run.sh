#!/bin/sh
# run.sh: the recipe of README.md in one go: a camera for two seconds, of which the Rust program shows every picture.
set -eu

cd "$(dirname "$0")"
. ../libbips.sh
use_libbips
built=$(mktemp -d)
reader=''
# shellcheck disable=SC2086 # one or no process
trap 'kill -KILL $reader 2>/dev/null || true; rm -rf "$built"' EXIT

CARGO_TARGET_DIR=$built cargo build --quiet --release --offline
"$built/release/reader" camera0 every &
reader=$!
gst-launch-1.0 -q videotestsrc is-live=true pattern=ball num-buffers=60 ! video/x-raw,format=GRAY8,width=322,height=240,framerate=30/1 \
    ! bipssink pool=camera0 wait-for-consumers=1
wait $reader
reader=''
