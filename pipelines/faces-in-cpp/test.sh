#!/bin/sh
# test.sh: runs the recipe, and looks whether the faces are where the man's is, and whether the picture has a box.
set -eu
. "$(dirname "$0")/../testing.sh"
. ../libbips.sh
needs qtdemux h264parse jpegdec
gst-inspect-1.0 openh264dec >/dev/null 2>&1 || needs avdec_h264
command -v c++ >/dev/null || skip "there is no C++ compiler here (Debian: g++)"
use_libbips >"$work/report.txt" || skip "$(cat "$work/report.txt")"
pkg-config --exists opencv4 || skip "there is no OpenCV for C++ here (Debian: libopencv-dev)"
[ -f /usr/share/opencv4/haarcascades/haarcascade_frontalface_alt2.xml ] || skip "OpenCV's cascades are not here (Debian: opencv-data)"
../../tools/fetch-clips >"$work/report.txt" 2>&1 || skip "the clip cannot be fetched here: $(tail -n 1 "$work/report.txt")"

./run.sh "$work" >"$work/report.txt" 2>&1 || { tail -n 20 "$work"/*.txt; fail "the recipe failed"; }
cat "$work/report.txt"
expect "frames" "$(sed -n 's/^\([0-9]*\) frames, .*/\1/p' "$work/faces.txt")" -eq 120
expect "frames with faces" "$(sed -n 's/.* frames, \([0-9]*\) of them.*/\1/p' "$work/faces.txt")" -gt 30
# His face is some 60 of 144 rows high, and in the middle of the upper half.
awk -F'[ ,x]+' '/ a face at / { all++; if ($6 > 25 && $6 < 75 && $7 > 10 && $7 < 50 && $8 > 45 && $8 < 85) his++ }
    END { print his + 0 " of " all + 0 " faces are his"; exit !(his > 30 && his >= 0.9 * all) }' "$work/faces.txt" ||
    fail "the faces are elsewhere"
gst-launch-1.0 -q filesrc location="$work/face.jpg" ! jpegdec ! videoconvert ! video/x-raw,format=RGBx ! filesink location="$work/pixels"
expect "bytes of the picture" "$(stat -c %s "$work/pixels")" -eq $((176 * 144 * 4))
expect "green pixels" "$(od -An -v -tu1 -w4 "$work/pixels" | awk '$2 > 180 && $1 < 100 && $3 < 100' | wc -l)" -gt 100
