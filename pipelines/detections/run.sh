#!/bin/sh
# run.sh [FOLDER]: the recipe of README.md without a screen, in four seconds. Tells what was drawn; the picture boxes.png and
# what the processes said are left in the folder, by default a temporary one.
set -eu

out=${1:-$(mktemp -d)}
detector='' drawer=''
finish() {
    # shellcheck disable=SC2086 # one or no process each
    kill $detector $drawer 2>/dev/null || true
    [ "$#" -gt 0 ] || rm -rf "$out"
}
trap 'finish "$@"' EXIT

./draw.py "$out/boxes.png" >"$out/draw.txt" 2>&1 &
drawer=$!
./detect.py >"$out/detect.txt" 2>&1 &
detector=$!
gst-launch-1.0 videotestsrc is-live=true pattern=ball num-buffers=90 \
    ! video/x-raw,format=BGR,width=320,height=240,framerate=30/1 \
    ! bipssink pool=camera wait-for-consumers=1 >"$out/camera.txt" 2>&1
wait $detector
detector=''
wait $drawer
drawer=''
cat "$out/draw.txt"
