#!/bin/sh
# smoke.sh FOLDER: the plugin in FOLDER loads, and passes frames from one
# gst-launch-1.0 to another, unchanged. For systems on which Go's tests do not run.
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
