#!/bin/sh
# run.sh [FOLDER]: the recipe of README.md on a clip of a man in a car: every frame is looked at. Leaves what was found and the
# last picture with a face in the folder, by default the current one.
set -eu

mkdir -p "${1:-.}"
out=$(realpath "${1:-.}")
cd "$(dirname "$0")"
. ../libbips.sh
use_libbips
clips=$(../../tools/fetch-clips)
built=$(mktemp -d)
reader=''
# shellcheck disable=SC2086 # one or no process
trap 'kill -KILL $reader 2>/dev/null || true; rm -rf "$built"' EXIT

# shellcheck disable=SC2046 # pkg-config's words are several
c++ -std=c++17 -O2 faces.cpp -o "$built/faces" $(pkg-config --cflags --libs bips) $(pkg-config --cflags opencv4) \
    -lopencv_objdetect -lopencv_imgcodecs -lopencv_imgproc -lopencv_core

"$built/faces" camera0 "$out/face.jpg" /usr/share/opencv4/haarcascades/haarcascade_frontalface_alt2.xml every >"$out/faces.txt" &
reader=$!
gst-launch-1.0 -q filesrc location="$clips/carphone_pristine.mp4" ! decodebin ! videoconvert ! video/x-raw,format=NV12 \
    ! bipssink pool=camera0 wait-for-consumers=1 sync=false
wait $reader
reader=''
tail -n 3 "$out/faces.txt"
