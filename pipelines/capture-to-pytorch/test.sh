#!/bin/sh
# test.sh: runs the recipe, and looks whether the camera went on without the network, whether the faces are where the man's is, and
# whether the sheet shows them.
set -eu
. "$(dirname "$0")/../testing.sh"
. ../python.sh
needs qtdemux h264parse
gst-inspect-1.0 openh264dec >/dev/null 2>&1 || needs avdec_h264
use_python torch torchvision PIL facenet_pytorch >"$work/report.txt" 2>&1 || skip "$(tail -n 2 "$work/report.txt")"
../../tools/fetch-clips >"$work/report.txt" 2>&1 || skip "the clip cannot be fetched here: $(tail -n 1 "$work/report.txt")"

./run.sh "$work" >"$work/report.txt" 2>&1 || { tail -n 20 "$work"/*.txt; fail "the recipe failed"; }
cat "$work/report.txt"
expect "frames that the camera published" "$(sed -n 's/^camera: *\([0-9]*\) frames published, 0 dropped, .*/\1/p' "$work/report.txt")" -eq 120

# Each frame of the camera was looked at or passed by, and it is told which. Who needs longer than a frame takes (33 ms) passes some by.
sed -n 's/^\([0-9]*\) frames looked at, \([0-9]*\) passed by, 0 lost; the network takes \([0-9]*\) ms a frame$/\1 \2 \3/p' "$work/detect.txt" >"$work/counted"
read -r looked_at passed_by takes <"$work/counted" || fail "the detector did not count: $(tail -n 1 "$work/detect.txt")"
expect "frames looked at or passed by" $((looked_at + passed_by)) -eq 120
expect "frames that are told to be passed by" "$(sed -n 's/^frame .* ms old, \([0-9]*\) passed by$/\1/p' "$work/detect.txt" | awk '{ all += $1 } END { print all }')" -eq "$passed_by"
[ "$takes" -lt 40 ] || expect "frames passed by" "$passed_by" -gt 0
expect "frames looked at" "$looked_at" -gt 5

# His face is some 60 of 144 rows high, and in the middle of the upper half.
awk -F'[ ,x;]+' '/ face at / { all++; if ($5 > 25 && $5 < 75 && $6 > 5 && $6 < 50 && $7 > 30 && $7 < 85 && $10 > 0.95) his++ }
    END { print his + 0 " of " all + 0 " faces are his"; exit !(his > 5 && his >= 0.9 * all) }' "$work/detect.txt" || fail "the faces are elsewhere"

# What was found crossed with its frames: each result came, and the sheet has a green box in each of its cells that has a face.
expect "results that came" "$(sed -n 's/ results, .*//p' "$work/draw.txt")" -eq "$looked_at"
expect "results with a face" "$(sed -n 's/.* results, \([0-9]*\) of them.*/\1/p' "$work/draw.txt")" -eq "$(grep -c '^frame .* face at ' "$work/detect.txt")"
"$python" - "$work/faces.png" <<'LOOK' || fail "the sheet does not show the faces"
import sys
import numpy
from PIL import Image
sheet = numpy.asarray(Image.open(sys.argv[1]).convert("RGB")).astype(int)
assert sheet.shape == (3 * 288, 4 * 352, 3), sheet.shape
cells = [sheet[row : row + 288, column : column + 352] for row in range(0, 864, 288) for column in range(0, 1408, 352)]
green = [(cell[..., 1] > 240) & (cell[..., 0] < 100) & (cell[..., 2] < 100) for cell in cells]
boxed = sum(int(cell.sum()) > 400 for cell in green)
print(f"{boxed} of {len(cells)} pictures of the sheet have a box")
assert boxed >= 10
assert len({cell.tobytes() for cell in cells}) > 5, "the pictures are all the same"
LOOK
