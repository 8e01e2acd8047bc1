#!/bin/sh
# run.sh [FOLDER]: the recipe of README.md without a screen, in some seconds: one reader gets every frame, another one saves
# a picture. The picture and what the processes said are left in the folder, by default the current one.
set -eu

mkdir -p "${1:-.}"
out=$(realpath "${1:-.}")
cd "$(dirname "$0")"
. ../libbips.sh
use_libbips
built=$(mktemp -d)
camera='' reader=''
# shellcheck disable=SC2086 # one or no process each
trap 'kill -KILL $camera $reader 2>/dev/null || true; rm -rf "$built"' EXIT

# shellcheck disable=SC2046 # pkg-config's words are several
cc -O2 producer.c -o "$built/producer" $(pkg-config --cflags --libs bips)

"$built/producer" camera0 >"$out/producer.txt" &
camera=$!
gst-launch-1.0 -m bipssrc pool=camera0 read-mode=every ! fakesink >"$out/reader.txt" &
reader=$!
gst-launch-1.0 -q bipssrc pool=camera0 ! videoconvert ! pngenc snapshot=true ! filesink location="$out/picture.png"
until grep -q 'fakesink0.*new-state=(GstState)playing' "$out/reader.txt"; do # it has had its first frame
    kill -0 $camera
    kill -0 $reader
    sleep 0.1
done
sleep 1
kill -INT $camera
wait $camera
camera=''
wait $reader # for the end of the stream
reader=''
cat "$out/producer.txt"
sed -n 's/.*bips-stats, received=(guint64)\([0-9]*\),.* lost=(guint64)\([0-9]*\),.*/the reader of every frame: \1 frames, \2 lost/p' "$out/reader.txt"
