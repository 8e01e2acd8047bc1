#!/bin/sh
# test.sh: runs the recipe, and looks at what it leaves: the recording has each frame of
# the camera although the preview was killed meanwhile.
set -eu
. "$(dirname "$0")/../testing.sh"
needs jpegenc avimux avidemux jpegdec multifilesink

./run.sh "$work" || { cat "$work"/*.txt; fail "the recipe failed"; }

counter() { sed -n "s/.*bips-stats,.* $2=(guint64)\([0-9]*\).*/\1/p" "$work/$1.txt"; }
frames=$(gst-launch-1.0 -v filesrc location="$work/recording.avi" ! avidemux ! jpegdec ! identity silent=false ! fakesink |
    grep -c 'last-message = chain')
expect "frames in the recording" "$frames" -eq "$(counter camera in-place)"
expect "frames in the recording" "$frames" -gt 30
expect "frames lost to the recorder" "$(counter recorder lost)" -eq 0
for picture in "$work"/*.jpg; do
    gst-launch-1.0 -q filesrc location="$picture" ! jpegdec ! fakesink
done
echo "$frames frames recorded, of a camera that published $(counter camera in-place)"
