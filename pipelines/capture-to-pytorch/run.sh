#!/bin/sh
# run.sh [FOLDER]: the recipe of README.md on a clip of a man in a car. Tells what the network found and what the camera counted; the
# contact sheet faces.png and what the processes said are left in the folder, by default the current one.
set -eu

mkdir -p "${1:-.}"
out=$(realpath "${1:-.}")
cd "$(dirname "$0")"
. ../python.sh
use_python torch torchvision PIL facenet_pytorch
clip=$(../../tools/fetch-clips)/carphone_pristine.mp4
rm -f "$out/faces.png"
detector='' drawer='' camera=''
# shellcheck disable=SC2086 # one or no process each
trap 'kill -KILL $detector $drawer $camera 2>/dev/null || true' EXIT

# give_up WHY: with the last words of each process.
give_up() {
    echo "$1" >&2
    for said in "$out"/*.txt; do echo "== $said" && tail -n 5 "$said"; done >&2
    exit 1
}

"$python" draw.py "$out/faces.png" faces >"$out/draw.txt" 2>&1 &
drawer=$!
"$python" detect.py camera faces >"$out/detect.txt" 2>&1 &
detector=$!
# The clip takes four seconds: it begins when the network has been loaded.
gst-launch-1.0 -m filesrc location="$clip" ! decodebin ! videoconvert ! video/x-raw,format=RGB \
    ! bipssink pool=camera wait-for-consumers=1 >"$out/camera.txt" 2>&1 &
camera=$!
until [ -s "$out/detect.txt" ]; do # it has looked at a frame
    for process in $camera $detector $drawer; do
        kill -0 "$process" 2>/dev/null || give_up "one of the three has ended before the network saw a frame"
    done
    sleep 0.1
done
wait $camera || give_up "the camera failed"
camera=''
wait $detector || give_up "detect.py failed"
detector=''
wait $drawer || give_up "draw.py failed"
drawer=''

# counted NAME: by bipssink.
counted() { sed -n "s/.*bips-stats,.* $1=(guint64)\([0-9]*\).*/\1/p" "$out/camera.txt"; }
head -n 3 "$out/detect.txt"
echo ...
echo "camera:   $(($(counted in-place) + $(counted copied))) frames published, $(counted dropped) dropped, in $(sed -n 's/^Execution ended after 0:00:0*\([0-9]*\.[0-9]\).*/\1/p' "$out/camera.txt") s: it did not wait for the network"
echo "detector: $(tail -n 1 "$out/detect.txt")"
echo "drawer:   $(tail -n 1 "$out/draw.txt"); $out/faces.png shows twelve"
