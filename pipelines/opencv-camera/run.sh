#!/bin/sh
# run.sh [FOLDER]: the recipe of README.md on a clip of a man in a car: one reader saves every frame, another one a picture. The pictures
# frames.bgr and picture.png, and what the processes said, are left in the folder, by default the current one.
set -eu

mkdir -p "${1:-.}"
out=$(realpath "${1:-.}")
cd "$(dirname "$0")"
. ../python.sh
use_python numpy cv2
clip=$(../../tools/fetch-clips)/carphone_pristine.mp4
camera='' reader='' viewer=''
# shellcheck disable=SC2086 # one or no process each
trap 'kill -KILL $camera $reader $viewer 2>/dev/null || true' EXIT

gst-launch-1.0 -q bipssrc pool=camera0 read-mode=every ! filesink location="$out/frames.bgr" >"$out/reader.txt" 2>&1 &
reader=$!
gst-launch-1.0 -q bipssrc pool=camera0 ! videoconvert ! pngenc snapshot=true ! filesink location="$out/picture.png" &
viewer=$!
"$python" play.py "$clip" camera0 2 >"$out/camera.txt" &
camera=$!
wait $camera
camera=''
wait $reader $viewer
reader='' viewer=''
echo "the camera: $(cat "$out/camera.txt"); the reader of every frame had $(($(stat -c %s "$out/frames.bgr") / (176 * 144 * 3)))"
