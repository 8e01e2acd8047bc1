#!/bin/sh
# run.sh [FOLDER]: the recipe of README.md without a screen, in some seconds: one reader saves every frame, another one a picture. The
# pictures frames.rgb and picture.png, and what the processes said, are left in the folder, by default the current one.
set -eu

mkdir -p "${1:-.}"
out=$(realpath "${1:-.}")
cd "$(dirname "$0")"
. ../python.sh
use_python numpy
camera='' reader=''
# shellcheck disable=SC2086 # one or no process each
trap 'kill -KILL $camera $reader 2>/dev/null || true' EXIT

gst-launch-1.0 -q bipssrc pool=camera0 read-mode=every ! filesink location="$out/frames.rgb" >"$out/reader.txt" 2>&1 &
reader=$!
env --default-signal=INT "$python" draw.py camera0 >"$out/camera.txt" &
camera=$!
gst-launch-1.0 -q bipssrc pool=camera0 ! videoconvert ! pngenc snapshot=true ! filesink location="$out/picture.png"
until [ "$(stat -c %s "$out/frames.rgb" 2>/dev/null || echo 0)" -gt $((640 * 480 * 3 * 30)) ]; do # a second of them
    kill -0 $camera
    kill -0 $reader
    sleep 0.1
done
kill -INT $camera
wait $camera
camera=''
wait $reader # for the end of the stream
reader=''
echo "the camera drew $(cat "$out/camera.txt"), the reader of every frame had $(($(stat -c %s "$out/frames.rgb") / (640 * 480 * 3)))"
