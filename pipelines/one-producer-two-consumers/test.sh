#!/bin/sh
# test.sh: runs the recipe, and looks at what it leaves.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$(dirname "$0")"

for element in jpegenc avimux avidemux jpegdec multifilesink; do
    gst-inspect-1.0 "$element" >/dev/null || { echo "skipped: GStreamer has no $element here"; exit 77; }
done
./run.sh "$work"

frames=$(gst-launch-1.0 -v filesrc location="$work/recording.avi" ! avidemux ! jpegdec ! identity silent=false ! fakesink |
    grep -c 'last-message = chain')
[ "$frames" = 90 ] || { echo "the recording has $frames frames, want 90"; exit 1; }
pictures=0
for picture in "$work"/preview-*.jpg; do
    gst-launch-1.0 -q filesrc location="$picture" ! jpegdec ! fakesink
    pictures=$((pictures + 1))
done
[ "$pictures" -ge 2 ] || { echo "the preview has $pictures pictures, want 2 or more"; exit 1; }
echo "$frames frames recorded, $pictures pictures in the preview"
