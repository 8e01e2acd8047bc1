#!/bin/sh
# run.sh [FOLDER]: the recipe of README.md, in some seconds: what the service answers before there is a camera, while there is one, and
# after it was killed. The pictures and what the processes said are left in the folder, by default the current one.
set -eu

mkdir -p "${1:-.}"
out=$(realpath "${1:-.}")
cd "$(dirname "$0")"
. ../python.sh
use_python aiohttp numpy PIL
rm -f "$out/service.txt"
service='' camera=''
# shellcheck disable=SC2086 # one or no process each
trap 'kill -KILL $service $camera 2>/dev/null || true' EXIT

# get PATH FILE: asks the service; prints its status, and the number of the frame.
get() {
    "$python" - "$url$1" "$2" <<'GET'
import sys, urllib.error, urllib.request
try:
    answer = urllib.request.urlopen(sys.argv[1], timeout=20)
except urllib.error.HTTPError as error:
    answer = error
open(sys.argv[2], "wb").write(answer.read())
print(answer.status, answer.headers.get("Content-Type"), answer.headers.get("X-Frame", "none"))
GET
}

# await WORDS...: waits until the newest frame is another one than the words say.
await() {
    tries=300
    until now=$(get frame.png "$out/frame.png") && [ "$now" != "$*" ] && [ "${now%% *}" = 200 ]; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || { echo "no new frame: $now" >&2; exit 1; }
    done
}

camera() {
    gst-launch-1.0 -q -e videotestsrc is-live=true pattern=ball ! video/x-raw,format=RGB,width=320,height=240,framerate=30/1 \
        ! bipssink pool=camera0 >>"$out/camera.txt" 2>&1 &
    camera=$!
}

env --default-signal=INT "$python" serve.py camera0 0 >"$out/service.txt" 2>&1 &
service=$!
until [ -s "$out/service.txt" ]; do
    kill -0 $service
    sleep 0.1
done
url=$(cat "$out/service.txt")
echo "before there is a camera: $(get frame.png "$out/none.txt"), $(cat "$out/none.txt")"
echo "the page: $(get '' "$out/page.html")"
camera
await
cp "$out/frame.png" "$out/first.png"
await "$now"
cp "$out/frame.png" "$out/second.png"
echo "while there is one: $now"

# Eight clients at once, each until it has had five frames.
clients=''
for client in 1 2 3 4 5 6 7 8; do
    "$python" - "$url" >"$out/client-$client.txt" <<'CLIENT' &
import sys, urllib.request
seen = []
while len(set(seen)) < 5:
    seen.append(int(urllib.request.urlopen(sys.argv[1] + "frame.png", timeout=20).headers["X-Frame"]))
print("five frames, newer and newer" if seen == sorted(seen) else f"frames {seen}")
CLIENT
    clients="$clients $!"
done
for client in $clients; do wait "$client"; done
echo "eight clients at once:" && sort "$out"/client-*.txt | uniq -c

kill -KILL $camera
wait $camera 2>/dev/null || true
sleep 0.2
last=$(get frame.png "$out/last.png")
echo "after it was killed: $last"
camera
await "$last"
echo "after it was started again: $now"
kill -INT $camera # its stream ends
wait $camera
camera=''
last=$(get frame.png "$out/last.png")
camera
await "$last"
echo "after its stream had ended, and another one came: $now"
kill -INT $camera $service
wait $camera $service
camera='' service=''
