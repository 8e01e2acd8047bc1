#!/bin/sh
# test.sh: runs the recipe, and compares each frame that the reader had with what is drawn for that moment, byte for byte.
set -eu
. "$(dirname "$0")/../testing.sh"
. ../python.sh
needs pngenc
use_python numpy PIL >"$work/report.txt" 2>&1 || skip "$(tail -n 2 "$work/report.txt")"

./run.sh "$work" >"$work/report.txt" 2>&1 || { tail -n 20 "$work"/*.txt; fail "the recipe failed"; }
cat "$work/report.txt"
"$python" - "$work" <<'LOOK' || fail "the frames are not what was drawn"
import sys
sys.path.insert(0, ".")
import numpy
from PIL import Image
from draw import HEIGHT, RATE, WIDTH, draw

def drawn(number):
    picture = numpy.zeros((HEIGHT, WIDTH, 3), numpy.uint8)
    draw(picture, number / RATE)
    return picture

came = numpy.fromfile(f"{sys.argv[1]}/frames.rgb", numpy.uint8).reshape(-1, HEIGHT, WIDTH, 3)
# It may have come a little late. From then on there is each frame, but for the last ones: Ctrl-C is no moment.
first = next(n for n in range(900) if (came[0] == drawn(n)).all())
print(f"{len(came)} frames came, from frame {first} on")
assert len(came) > 30
for number, picture in enumerate(came):
    assert (picture == drawn(first + number)).all(), f"the frame that follows {first + number - 1} is another one"
still = numpy.asarray(Image.open(f"{sys.argv[1]}/picture.png").convert("RGB")).astype(int)
assert any(abs(still - drawn(n)).max() <= 2 for n in range(first + len(came) + 900)), "the picture shows something else"
LOOK
