#!/bin/sh
# run.sh [FOLDER]: the recipe of README.md without a screen, in some seconds. Tells what was drawn; the picture boxes.png and
# what the processes said are left in the folder, by default a temporary one.
set -eu

out=${1:-$(mktemp -d)}
mkdir -p "$out"
rm -f "$out/boxes.png"
detector='' drawer='' camera=''
finish() {
    # shellcheck disable=SC2086 # one or no process each
    kill $detector $drawer $camera 2>/dev/null || true
    [ "$#" -gt 0 ] || rm -rf "$out"
}
trap 'finish "$@"' EXIT

# give_up WHY: with the last words of each process.
give_up() {
    echo "$1" >&2
    for said in "$out"/*.txt; do echo "== $said" && tail -n 5 "$said"; done >&2
    exit 1
}

./draw.py "$out/boxes.png" >"$out/draw.txt" 2>&1 &
drawer=$!
./detect.py >"$out/detect.txt" 2>&1 &
detector=$!
gst-launch-1.0 -e videotestsrc is-live=true pattern=ball \
    ! video/x-raw,format=BGR,width=320,height=240,framerate=30/1 \
    ! bipssink pool=camera >"$out/camera.txt" 2>&1 &
camera=$!

# A camera waits for nobody: it runs until a box has been drawn, however long the others took to start, and two seconds more.
patience=600
until [ -s "$out/boxes.png" ]; do
    for process in $camera $detector $drawer; do
        kill -0 "$process" 2>/dev/null || give_up "one of the three has ended"
    done
    patience=$((patience - 1))
    [ $patience -gt 0 ] || give_up "no box was drawn within a minute"
    sleep 0.1
done
sleep 2
kill -INT $camera
wait $camera
camera=''
wait $detector
detector=''
wait $drawer
drawer=''
cat "$out/draw.txt"
