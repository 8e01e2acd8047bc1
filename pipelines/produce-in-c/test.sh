#!/bin/sh
# test.sh: runs the recipe, and looks at the picture: a ball of one colour, whole, on a sky of another.
set -eu
. "$(dirname "$0")/../testing.sh"
. ../libbips.sh
needs pngenc pngdec
command -v cc >/dev/null || skip "there is no C compiler here (Debian: gcc libc6-dev)"
use_libbips >"$work/report.txt" || skip "$(cat "$work/report.txt")"

./run.sh "$work" >"$work/report.txt" 2>&1 || { tail -n 20 "$work"/*.txt; fail "the recipe failed"; }
cat "$work/report.txt"
dropped=$(sed -n 's/.*published, \(.*\) dropped/\1/p' "$work/report.txt") # none, unless the machine stood still for half a second
expect "frames of the reader" "$(sed -n 's/^the reader.*: \(.*\) frames.*/\1/p' "$work/report.txt")" -gt 5
expect "frames that the reader lost" "$(sed -n 's/^the reader.*, \(.*\) lost/\1/p' "$work/report.txt")" -le "$dropped"

gst-launch-1.0 -q filesrc location="$work/picture.png" ! pngdec ! videoconvert ! video/x-raw,format=RGBx ! filesink location="$work/pixels"
expect "bytes of the picture" "$(stat -c %s "$work/pixels")" -eq $((320 * 240 * 4))
# A ball of radius 24 has some 1,800 pixels. The sky is dark and blue, and brighter below.
od -An -v -tu1 -w4 "$work/pixels" >"$work/rows"
expect "pixels of the ball" "$(awk '$1 > 240 && $2 > 190 && $3 < 60' "$work/rows" | wc -l)" -gt 1700
expect "pixels of the sky" "$(awk '$1 < 40 && $2 < 60 && $3 >= 50' "$work/rows" | wc -l)" -gt $((320 * 240 - 1900))
