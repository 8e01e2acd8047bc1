#!/bin/sh
# test.sh: runs the recipe, and looks at the wall: four pictures, one in each corner.
set -eu
. "$(dirname "$0")/../testing.sh"
needs compositor jpegenc jpegdec multifilesink avimux

./run.sh "$work" >"$work/report.txt" || { cat "$work"/*.txt; fail "the recipe failed"; }

# counter ELEMENT NAME
counter() { sed -n "s/^element \"$1\".* $2=(guint64)\([0-9]*\).*/\1/p" "$work/report.txt"; }
for camera in 0 1 2 3; do
    expect "frames of camera $camera" "$(counter bipssink$camera in-place)" -gt 0
    expect "frames of camera $camera that were copied" "$(counter bipssink$camera copied)" -eq 0
done

# recorder NAME. Early is what was captured before the recorder began to play.
recorder() { sed -n "s/.*bips-stats,.* *$1=(guint64)\([0-9]*\).*/\1/p" "$work/recorder.txt"; }
expect "frames of camera 3 in the recording" $(($(recorder received) + $(recorder early))) -eq "$(counter bipssink3 in-place)"

# corners PICTURE: red, green and blue of its four quarters, "r g b x" each.
corners() {
    gst-launch-1.0 -q filesrc location="$1" ! jpegdec ! videoconvert ! videoscale \
        ! video/x-raw,format=RGBx,width=2,height=2 ! filesink location="$work/corners"
    od -An -v -tu1 -w16 "$work/corners"
}
whole=0
for picture in "$work"/wall-02?.jpg; do
    # Three are of one colour, the fourth is black with a small white ball.
    if corners "$picture" | awk '{
            exit !($1 > 200 && $2 < 50 && $3 < 50 && $5 < 50 && $6 > 200 && $7 < 50 &&
                   $9 < 50 && $10 < 50 && $11 > 200 && $13 + $14 + $15 < 150) }'; then
        whole=$((whole + 1))
    fi
done
expect "pictures of the wall with all four cameras" $whole -gt 0
echo "four cameras, $whole of 10 pictures of the wall with all of them"
