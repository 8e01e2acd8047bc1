#!/bin/sh
# test.sh: runs the recipe, and looks at what it says.
set -eu
. "$(dirname "$0")/../testing.sh"
needs openh264enc h264parse rtph264pay rtph264depay rtspsrc rtpbin
/usr/bin/python3 -c 'import gi; gi.require_version("GstRtspServer", "1.0"); from gi.repository import GstRtspServer' 2>/dev/null ||
    skip "there is no gst-rtsp-server for Python here (Debian: python3-gi gir1.2-gst-rtsp-server-1.0)"

# What rtspsrc tells of its properties and caps is left out.
tell() { for said in "$work"/*.txt; do echo "== $said"; grep -v 'last-message\|caps = \|GstRtp' "$said" | tail -n 20; done; }
./run.sh "$work" >"$work/report.txt" 2>&1 || { tell; fail "the recipe failed"; }
cat "$work/report.txt"
expect "what a client without a camera ended with" "$(sed -n 's/^without.* ended with \([0-9]*\),.*/\1/p' "$work/report.txt")" -eq 1
expect "its answers" "$(sed -n 's/^without.*vain: //p' "$work/report.txt")" -eq 1
expect "what five clients got" "$(sed -n 's/^five.*once: \(.*\) frames/\1/p' "$work/report.txt")" = "30 30 30 30 30"
