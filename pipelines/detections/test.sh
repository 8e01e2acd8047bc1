#!/bin/sh
# test.sh: runs the recipe, and looks whether the last box is around the ball.
set -eu
. "$(dirname "$0")/../testing.sh"
/usr/bin/python3 -c 'import cv2, gi; gi.require_version("GstVideo", "1.0"); from gi.repository import GstVideo' 2>/dev/null ||
    skip "there is no OpenCV or no GStreamer for Python here (Debian: python3-opencv python3-gi gir1.2-gst-plugins-base-1.0)"

./run.sh "$work" >"$work/report.txt" 2>&1 || { tail -n 20 "$work"/*.txt; fail "the recipe failed"; }
cat "$work/report.txt"
expect "frames" "$(sed -n 's/ frames, .*//p' "$work/report.txt")" -gt 10
expect "frames with boxes" "$(sed -n 's/.* frames, \([0-9]*\) of them.*/\1/p' "$work/report.txt")" -gt 5
/usr/bin/python3 - "$work/boxes.png" <<'LOOK' || fail "the box is not around the ball"
import sys
import cv2
import numpy as np
picture = cv2.imread(sys.argv[1]).astype(int)
blue, green, red = picture[..., 0], picture[..., 1], picture[..., 2]
rows, columns = np.nonzero((red > 200) & (blue < 50) & (green < 50))  # the box, and the text above it
ball_rows, ball_columns = np.nonzero((red > 200) & (blue > 200) & (green > 200))
print(f"box to {columns.max()},{rows.max()}, ball {ball_columns.min()},{ball_rows.min()} to {ball_columns.max()},{ball_rows.max()}")
assert columns.min() <= ball_columns.min() + 2 and rows.min() <= ball_rows.min() + 2
assert ball_rows.max() - 2 <= rows.max() <= ball_rows.max() + 20
assert ball_columns.max() - 2 <= columns.max()
LOOK
