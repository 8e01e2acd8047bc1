#!/bin/sh
# test.sh: runs the recipe, and looks at the answers and at the pictures: a ball that moves.
set -eu
. "$(dirname "$0")/../testing.sh"
. ../python.sh
use_python aiohttp numpy PIL >"$work/report.txt" 2>&1 || skip "$(tail -n 2 "$work/report.txt")"

./run.sh "$work" >"$work/report.txt" 2>&1 || { tail -n 20 "$work"/*.txt; fail "the recipe failed"; }
cat "$work/report.txt"
expect "answers of each kind" "$(grep -cE '^before there is a camera: 503 .* none, .*there is no pool |^the page: 200 text/html|^(while|after) .*: 200 image/png [0-9]+$' "$work/report.txt")" -eq 6
expect "clients" "$(sed -n 's/^ *\([0-9]*\) five frames, newer and newer$/\1/p' "$work/report.txt")" -eq 8
"$python" - "$work" <<'LOOK' || fail "the pictures are not the camera's"
import sys
import numpy
from PIL import Image
places = []
for name in "first", "second", "last", "frame":
    picture = numpy.asarray(Image.open(f"{sys.argv[1]}/{name}.png"))
    assert picture.shape == (240, 320, 3), picture.shape
    rows, columns = numpy.nonzero((picture > 200).all(axis=2))  # a white ball on black
    assert 1000 < rows.size < 1500 and numpy.ptp(rows) < 42 and numpy.ptp(columns) < 42, f"{name}: {rows.size} white pixels"
    assert (picture > 200).any(axis=2).sum() + (picture < 60).all(axis=2).sum() > 0.99 * 320 * 240
    places.append((rows.mean(), columns.mean()))
print("ball at " + ", ".join(f"{x:.0f},{y:.0f}" for y, x in places))
assert places[0] != places[1], "the ball does not move"
LOOK
