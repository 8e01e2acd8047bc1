#!/bin/sh
# run.sh [FOLDER]: the recipe of README.md without a screen. Leaves recording.avi and
# preview-*.jpg in the folder, by default the current one.
set -eu

out=${1:-.}
pool=camera0

gst-launch-1.0 -q bipssrc pool=$pool read-mode=every ! videoconvert ! jpegenc ! avimux \
    ! filesink location="$out/recording.avi" &
recorder=$!
gst-launch-1.0 -q bipssrc pool=$pool ! videorate drop-only=true ! video/x-raw,framerate=1/1 \
    ! videoconvert ! jpegenc ! multifilesink location="$out/preview-%02d.jpg" &
preview=$!
trap 'kill $recorder $preview 2>/dev/null || true' EXIT

# The readers may start before the camera. Here it waits for both, so that the recording
# has all of its frames.
gst-launch-1.0 -q videotestsrc is-live=true pattern=ball num-buffers=90 \
    ! video/x-raw,width=640,height=480,framerate=30/1 \
    ! bipssink pool=$pool wait-for-consumers=2
wait $recorder
wait $preview
