#!/bin/sh
# run.sh [FOLDER]: the recipe of README.md without a screen. Leaves recording.avi, the
# previews' pictures, and what the processes counted in the folder, by default the current one.
set -eu

out=${1:-.}
mkdir -p "$out"
rm -f "$out/preview-01.jpg" "$out/preview-again-01.jpg" # of an earlier run: they are waited for
pool=camera0
recorder='' preview='' camera=''
# shellcheck disable=SC2086 # one or no process each
trap 'kill -KILL $recorder $preview $camera 2>/dev/null || true' EXIT

# preview NAME: a picture a second.
preview() {
    gst-launch-1.0 -q bipssrc pool=$pool ! videorate drop-only=true ! video/x-raw,framerate=1/1 \
        ! videoconvert ! jpegenc ! multifilesink location="$out/$1-%02d.jpg" &
    preview=$!
}

# await FILE: fails if the camera does not live to see it.
await() {
    until [ -s "$1" ]; do
        kill -0 $camera || exit 1
        sleep 0.1
    done
}

gst-launch-1.0 -m bipssrc pool=$pool read-mode=every ! videoconvert ! jpegenc ! avimux \
    ! filesink location="$out/recording.avi" >"$out/recorder.txt" &
recorder=$!
preview preview

# The readers may start before the camera. Here it waits for both, so that the recording
# has all of its frames.
gst-launch-1.0 -e -m videotestsrc is-live=true pattern=ball \
    ! video/x-raw,width=640,height=480,framerate=30/1 \
    ! bipssink pool=$pool wait-for-consumers=2 >"$out/camera.txt" &
camera=$!

# The preview crashes, and comes back.
await "$out/preview-01.jpg"
kill -KILL $preview
wait $preview || true
preview preview-again
await "$out/preview-again-01.jpg"

kill -INT $camera
wait $camera
wait $recorder
wait $preview
recorder='' preview='' camera=''
grep -ho 'bips-stats.*' "$out/camera.txt" "$out/recorder.txt"
