#!/bin/sh
# run.sh [FOLDER]: the recipe of README.md without a screen: three seconds. Leaves door.mkv and
# what the processes counted in the folder, by default the current one.
set -eu

out=${1:-.}
mkdir -p "$out"
recorder='' camera=''
# shellcheck disable=SC2086 # one or no process each
trap 'kill -KILL $recorder $camera 2>/dev/null || true' EXIT

gst-launch-1.0 -e -m matroskamux name=file ! filesink location="$out/door.mkv" \
    bipssrc pool=door-video read-mode=every ! queue ! h264parse ! file.video_0 \
    bipssrc pool=door-audio read-mode=every ! queue ! file.audio_0 >"$out/recorder.txt" &
recorder=$!

gst-launch-1.0 -m \
    videotestsrc pattern=ball flip=true num-buffers=160 \
    ! video/x-raw,width=320,height=240,framerate=50/1 \
    ! openh264enc gop-size=25 ! h264parse config-interval=-1 ! video/x-h264,stream-format=byte-stream \
    ! bipssink pool=door-video wait-for-consumers=1 \
    audiotestsrc wave=ticks num-buffers=160 samplesperbuffer=960 \
    ! audio/x-raw,rate=48000 ! opusenc ! bipssink pool=door-audio slot-size=4000 wait-for-consumers=1 >"$out/camera.txt" &
camera=$!
wait $camera
wait $recorder
recorder='' camera=''
grep -ho 'element "bips.*' "$out/camera.txt" "$out/recorder.txt" | grep bips-stats
