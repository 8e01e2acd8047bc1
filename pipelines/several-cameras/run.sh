#!/bin/sh
# run.sh [FOLDER]: the recipe of README.md without a screen. Leaves the wall as pictures, the
# recording, and what the processes counted in the folder, by default the current one.
set -eu

out=${1:-.}
mkdir -p "$out"
rm -f "$out/wall-030.jpg" # of an earlier run: it is waited for
wall='' recorder='' cameras=''
# shellcheck disable=SC2086 # one or no process each
trap 'kill -KILL $wall $recorder $cameras 2>/dev/null || true' EXIT

gst-launch-1.0 -m \
    compositor name=wall sink_1::xpos=320 sink_2::ypos=240 sink_3::xpos=320 sink_3::ypos=240 \
    ! video/x-raw,width=640,height=480,framerate=10/1 \
    ! videoconvert ! jpegenc ! multifilesink location="$out/wall-%03d.jpg" \
    bipssrc pool=front max-held=4 ! wall.sink_0 \
    bipssrc pool=left max-held=4 ! wall.sink_1 \
    bipssrc pool=right max-held=4 ! wall.sink_2 \
    bipssrc pool=rear max-held=4 ! wall.sink_3 >"$out/wall.txt" &
wall=$!

gst-launch-1.0 -m bipssrc pool=rear read-mode=every \
    ! videoconvert ! jpegenc ! avimux ! filesink location="$out/rear.avi" >"$out/recorder.txt" &
recorder=$!

# Each camera is a pipeline of its own, with its own pool, format and pace.
gst-launch-1.0 -e -m \
    videotestsrc is-live=true pattern=red ! video/x-raw,width=320,height=240,framerate=30/1 \
    ! bipssink pool=front wait-for-consumers=1 \
    videotestsrc is-live=true pattern=green ! video/x-raw,width=320,height=240,framerate=25/1 \
    ! bipssink pool=left wait-for-consumers=1 \
    videotestsrc is-live=true pattern=blue ! video/x-raw,format=NV12,width=320,height=240,framerate=30/1 \
    ! bipssink pool=right wait-for-consumers=1 \
    videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=15/1 \
    ! bipssink pool=rear wait-for-consumers=2 >"$out/cameras.txt" &
cameras=$!

until [ -s "$out/wall-030.jpg" ]; do
    kill -0 $cameras || exit 1
    kill -0 $wall || exit 1
    sleep 0.1
done
kill -INT $cameras
wait $cameras
wait $wall
wait $recorder
wall='' recorder='' cameras=''
grep -ho 'element "bips.*' "$out/cameras.txt" "$out/recorder.txt" "$out/wall.txt" | grep bips-stats
