#!/bin/bash
# test.sh: runs the recipe, and compares what the program said with what the cameras showed.
set -euo pipefail
. "$(dirname "$0")/../testing.sh"
. ../../tools/paths.sh
use_go
needs jpegdec

go list -deps . >/dev/null || skip "the imaging library cannot be fetched here"
./run.sh "$work" >"$work/report.txt" || { cat "$work/report.txt"; fail "the recipe failed"; }
cat "$work/report.txt"

said() { grep -cE "$1" "$work/report.txt"; }
expect "formats that were seen" "$(grep -o 'pictures of.*' "$work/report.txt" | tr '\n' ';')" = \
    "pictures of 640 by 480, NV12;pictures of 322 by 241, I420;pictures of 320 by 240, Y42B;pictures of 321 by 240, RGB;"
expect "states" "$(awk '$2 == "s" { printf "%s ", $3 }' "$work/report.txt")" = "still dark moving dark dark moving "
expect "frames that were looked at" "$(said 'looked at 2[0-9]* frames, passed by 0, lost 0;')" -eq 1
for picture in moving-001 moving-002; do
    gst-launch-1.0 -q filesrc location="$work/$picture.jpg" ! jpegdec ! fakesink
done
