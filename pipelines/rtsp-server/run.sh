#!/bin/sh
# run.sh [FOLDER]: the recipe of README.md without a screen, in half a minute at most: a client without
# a camera, several at once, one that is killed, and a camera that is killed and comes back. Tells what
# came; what the processes said is left in the folder, by default a temporary one.
set -eu

out=${1:-$(mktemp -d)}
mkdir -p "$out"
rm -f "$out/server.txt" # of an earlier run: it is waited for
processes=''
finish() {
    # shellcheck disable=SC2086 # several
    kill -KILL $processes 2>/dev/null || true
    [ "$#" -gt 0 ] || rm -rf "$out"
}
trap 'finish "$@"' EXIT

# begin NAME COMMAND...: in the background; its process is $begun.
begin() {
    name=$1
    shift
    "$@" >"$out/$name.txt" 2>&1 &
    begun=$!
    processes="$processes $begun"
}

camera() {
    begin "$1" gst-launch-1.0 -e videotestsrc is-live=true pattern=ball \
        ! video/x-raw,width=320,height=240,framerate=30/1 \
        ! openh264enc gop-size=15 ! h264parse config-interval=-1 ! bipssink pool=camera
    camera=$begun
}

# client NAME [FRAMES]: plays so many frames, or on and on.
client() {
    begin "client-$1" gst-launch-1.0 -v rtspsrc location="$url" ! rtph264depay ! h264parse \
        ! identity silent=false ! fakesink num-buffers="${2:--1}"
}

frames() { grep -c 'last-message = chain' "$out/client-$1.txt" || true; }

# await COMMAND...: waits for it, at most ten seconds.
await() {
    tries=100
    until "$@"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || { echo "not within ten seconds: $*"; exit 1; }
        sleep 0.1
    done
}
has_frames() { [ "$(frames "$1")" -ge "$2" ]; }

begin server ./serve.py 0
server=$begun
await test -s "$out/server.txt"
url=$(cat "$out/server.txt")

client early
wait $begun && status=0 || status=$?
echo "without a camera: the client ended with $status, it had asked in vain: $(grep -c 'Service Unavailable (503)' "$out/client-early.txt")"

camera camera-1
clients=''
for n in 1 2 3 4 5; do
    client $n 30
    clients="$clients $begun"
done
for client in $clients; do
    wait "$client" || true # to rtspsrc it is an error when the server hangs up first
done
echo "five clients at once: $(frames 1) $(frames 2) $(frames 3) $(frames 4) $(frames 5) frames"

client vanishes
victim=$begun
client stays
await has_frames vanishes 10
kill -KILL $victim
await has_frames stays $(($(frames stays) + 30))
echo "one of two clients was killed: the other had $(frames stays) frames"

kill -KILL $camera
before=$(frames stays)
camera camera-2
await has_frames stays $((before + 30))
echo "the camera was killed, and another one came: it had $(frames stays) frames"

kill -INT $camera
wait $camera
kill -INT $server
wait $server
