#!/bin/sh
# test.sh: executes the notebook, and looks at the pictures that it shows: the camera's ball, which has moved.
set -eu
. "$(dirname "$0")/../testing.sh"
. ../python.sh
use_python ipykernel nbclient numpy PIL >"$work/report.txt" 2>&1 || skip "$(tail -n 2 "$work/report.txt")"

./run.sh "$work" >"$work/report.txt" 2>&1 || { tail -n 40 "$work"/*.txt; fail "the recipe failed"; }
cat "$work/report.txt"
"$python" - "$work/camera.ipynb" <<'LOOK' || fail "the notebook does not show the camera"
import base64, io, json, re, sys
import numpy
from PIL import Image

cells = {cell["id"]: cell for cell in json.load(open(sys.argv[1]))["cells"]}

def picture(cell):
    """The only picture of a cell."""
    (output,) = cells[cell]["outputs"]
    return numpy.asarray(Image.open(io.BytesIO(base64.b64decode(output["data"]["image/png"]))).convert("RGB"))

def ball(cell):
    """Where the camera's white ball is, on black."""
    shown = picture(cell)
    assert shown.shape == (240, 320, 3), shown.shape
    rows, columns = numpy.nonzero((shown > 200).all(axis=2))
    assert 1000 < rows.size < 1500 and numpy.ptp(rows) < 42 and numpy.ptp(columns) < 42, f"{cell}: {rows.size} white pixels"
    return columns.mean(), rows.mean()

still, live = ball("still"), ball("view")
print(f"ball at {still}, after 60 frames at {live}")
assert still != live, "the live picture does not move"
text = "".join(cells["stats"]["outputs"][0]["data"]["text/plain"])
received = int(re.search(r"received=(\d+)", text)[1])
assert received in (61, 62), text
LOOK
