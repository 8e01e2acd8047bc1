#!/bin/sh
# test.sh: runs the recipe, and compares each frame that the reader had with what OpenCV decodes by itself.
set -eu
. "$(dirname "$0")/../testing.sh"
. ../python.sh
needs pngenc
use_python numpy cv2 >"$work/report.txt" 2>&1 || skip "$(tail -n 2 "$work/report.txt")"
../../tools/fetch-clips >"$work/report.txt" 2>&1 || skip "the clip cannot be fetched here: $(tail -n 1 "$work/report.txt")"
clip=$(../../tools/fetch-clips)/carphone_pristine.mp4
"$python" -c 'import cv2, sys; sys.exit(not cv2.VideoCapture(sys.argv[1]).read()[0])' "$clip" 2>/dev/null || skip "OpenCV cannot decode the clip here"

./run.sh "$work" >"$work/report.txt" 2>&1 || { tail -n 20 "$work"/*.txt; fail "the recipe failed"; }
cat "$work/report.txt"
expect "frames of the camera" "$(sed -n 's/^\([0-9]*\) frames of 176x144, 30 in a second$/\1/p' "$work/camera.txt")" -eq 120
"$python" - "$clip" "$work" <<'LOOK' || fail "the frames are not the clip's"
import sys
sys.path.insert(0, ".")
import bips
import cv2
import numpy
from play import read

video = cv2.VideoCapture(sys.argv[1])
clip = [video.read()[1] for _ in range(120)]
came = numpy.fromfile(f"{sys.argv[2]}/frames.bgr", numpy.uint8).reshape(-1, 144, 176, 3)
print(f"{len(came)} of 120 frames came")
assert len(came) == 120
for number, picture in enumerate(came):
    assert (picture == clip[number]).all(), f"frame {number} is another one"
still = cv2.imread(f"{sys.argv[2]}/picture.png").astype(int)
assert any(abs(still - frame).max() <= 2 for frame in clip), "the picture shows something else"

# OpenCV writes into the slot itself.
class Watched(cv2.VideoCapture):
    def read(self, picture):
        came, self.written = super().read(picture)
        return came, self.written

video = Watched(sys.argv[1])
with bips.Producer("slots", caps="video/x-raw,format=BGR,width=176,height=144") as camera:
    slot = camera.pull()
    picture = numpy.asarray(slot)
    assert read(video, picture) and video.written is picture, "OpenCV made an array of its own"
    assert (numpy.frombuffer(slot.data, numpy.uint8) == clip[0].ravel()).all()
    del picture, video.written
    slot.release()
LOOK
