#!/bin/sh
# run.sh [FOLDER]: the recipe of README.md, in some seconds. Prints what readers and camera counted; what the processes said is left in
# the folder, by default a temporary one.
set -eu

out=$(realpath "${1:-$(mktemp -d)}")
mkdir -p "$out"
cd "$(dirname "$0")"
. ../python.sh
use_python numpy
readers=''
finish() {
    # shellcheck disable=SC2086 # one or no process
    if kill -INT $readers 2>/dev/null; then wait $readers || true; fi
    [ "$#" -gt 0 ] || rm -rf "$out"
}
trap 'finish "$@"' EXIT

env --default-signal=INT "$python" readers.py camera0 >"$out/readers.txt" 2>&1 &
readers=$!
# It waits for the four, so that all count the same frames.
timeout 60 gst-launch-1.0 -m videotestsrc pattern=ball num-buffers=90 ! video/x-raw,format=GRAY8,width=320,height=240,framerate=30/1 \
    ! bipssink pool=camera0 wait-for-consumers=4 >"$out/camera.txt" 2>&1 || { cat "$out/readers.txt" "$out/camera.txt"; exit 1; }
wait $readers || { cat "$out/readers.txt"; exit 1; }
readers=''
cat "$out/readers.txt"
counted() { sed -n "s/.*bips-stats,.* $1=(guint64)\([0-9]*\).*/\1/p" "$out/camera.txt"; }
echo "camera: $(($(counted in-place) + $(counted copied))) published, $(counted dropped) dropped, $(counted demoted) demoted, in $(sed -n 's/^Execution ended after 0:00:0*\([0-9]*\.[0-9]\).*/\1/p' "$out/camera.txt") s"
