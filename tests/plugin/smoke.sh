#!/bin/sh
# smoke.sh FOLDER: the plugin in FOLDER loads, and passes frames from one
# gst-launch-1.0 to another, unchanged; started and stopped 50 times in one process it
# leaves nothing. For systems on which Go's tests do not run.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GST_PLUGIN_PATH="$1" GST_REGISTRY="$work/registry" BIPS_SHM_DIR="$work"

gst-inspect-1.0 bipssink >"$work/inspected" || { cat "$work/inspected"; exit 1; }
gst-inspect-1.0 bipssrc >"$work/inspected" || { cat "$work/inspected"; exit 1; }

frames='videotestsrc num-buffers=100 pattern=ball ! video/x-raw,format=I420,width=320,height=240,framerate=100/1'
# shellcheck disable=SC2086 # the pipeline is words
gst-launch-1.0 -q $frames ! filesink location="$work/sent"
gst-launch-1.0 -q bipssrc pool=smoke read-mode=every ! filesink location="$work/received" &
consumer=$!
# shellcheck disable=SC2086
timeout 60 gst-launch-1.0 -q $frames ! bipssink pool=smoke sync=false wait-for-consumers=1
wait $consumer
cmp "$work/sent" "$work/received"
echo "smoke: 100 frames passed, unchanged"

drive=$1/../drive/drive
[ -x "$drive" ] || { echo "smoke: no $drive: the tests of the plugin build it"; exit 0; }
for i in $(seq 50); do
    echo "make sink $frames ! bipssink pool=drive wait-for-consumers=1"
    printf '%s\n' "make source bipssrc pool=drive ! fakesink" "set sink playing" "set source playing" \
        "frames source 3" "drop source" "drop sink"
    case $i in 10 | 50) echo resources ;; esac
done >"$work/commands"
for i in 1 2 3 4 5; do printf '%s\n' collect alive; done >>"$work/commands"
GST_TRACERS=leaks timeout 120 "$drive" <"$work/commands" >"$work/answers"
# No failure; as many descriptors after 50 as after 10; nothing lives in the end.
awk '/fds=/ { fds[n++] = $2 } { last = $0 } /^failed/ { bad = 1 }
     END { exit !(NR == 362 && !bad && n == 2 && fds[0] == fds[1] && last == "ok") }' "$work/answers" ||
    { tail -n 40 "$work/answers"; exit 1; }
echo "smoke: started and stopped 50 times, nothing is left"
