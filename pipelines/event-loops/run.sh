#!/bin/sh
# run.sh [FOLDER]: the recipe of README.md without a screen, in some seconds: each program reads the same camera. What they say is
# left in the folder, by default the current one. A program whose library is not there is left out, and named.
set -eu

mkdir -p "${1:-.}"
out=$(realpath "${1:-.}")
cd "$(dirname "$0")"
. ../libbips.sh
use_libbips
built=$(mktemp -d)
readers='' camera=''
# shellcheck disable=SC2086 # any number of processes
trap 'kill -KILL $camera $readers 2>/dev/null || true; rm -rf "$built"' EXIT

# start COMPILER SOURCE LIBRARY...
start() {
    compiler=$1 source=$2 name=${2%.*}
    shift 2
    # shellcheck disable=SC2046 # pkg-config's words are several
    "$compiler" -O2 "$source" -o "$built/$name" $(pkg-config --cflags --libs "$@")
    "$built/$name" camera0 >"$out/$name.txt" 2>&1 &
    readers="$readers $!"
    names="${names:-} $name"
}

start cc epoll.c bips
start cc glib.c bips glib-2.0
if ! command -v c++ >/dev/null; then
    echo "left out: libuv: there is no C++ compiler here (Debian: g++)"
elif pkg-config --exists libuv; then
    start c++ libuv.cpp bips libuv
else
    echo "left out: libuv: it is not installed (Debian: libuv1-dev)"
fi

gst-launch-1.0 -q videotestsrc is-live=true num-buffers=60 ! video/x-raw,format=GRAY8,width=320,height=240,framerate=30/1 ! \
    bipssink pool=camera0 &
camera=$!
wait $camera
camera=''
for reader in $readers; do
    wait "$reader" # for the end of the stream
done
readers=''
for name in $names; do
    echo "$name: $(tail -n 1 "$out/$name.txt")"
done
