#!/bin/sh
# run.sh [FOLDER]: the four scenes of README.md, one after the other. Prints what each
# process counted; what they said is left in the folder, by default a temporary one.
set -eu

out=${1:-$(mktemp -d)}
mkdir -p "$out"
recorder='' slow=''
finish() {
    # shellcheck disable=SC2086 # one or no process each
    kill $recorder $slow 2>/dev/null || true
    [ "$#" -gt 0 ] || rm -rf "$out"
}
trap 'finish "$@"' EXIT

# reader WHO MODE MILLISECONDS: takes so long for each frame.
reader() {
    gst-launch-1.0 -m bipssrc pool="$pool" read-mode="$2" ! identity sleep-time="${3}000" \
        ! fakesink sync=false >"$out/$scene-$1.txt" 2>&1 &
}

# counter WHO NAME: what a process of the scene counted, and seconds WHO: how long it took,
# by its last words.
counter() { sed -n "s/.*bips-stats,.* $2=(guint64)\([0-9]*\).*/\1/p" "$out/$scene-$1.txt"; }
seconds() { sed -n 's/^Execution ended after 0:00:0*\([0-9]*\.[0-9]\).*/\1/p' "$out/$scene-$1.txt"; }

# play SCENE MODE MILLISECONDS [PROPERTY...]: the slow reader's mode, its time for a frame,
# and what bipssink is given besides. A second of video, three times what the pool has
# room for.
play() {
    scene=$1
    pool=camera-$scene
    reader recorder every 0
    recorder=$!
    reader slow "$2" "$3"
    slow=$!
    shift 3
    gst-launch-1.0 -m videotestsrc pattern=ball num-buffers=30 \
        ! video/x-raw,width=320,height=240,framerate=30/1 \
        ! bipssink pool="$pool" slots=12 wait-for-consumers=2 "$@" >"$out/$scene-camera.txt" 2>&1
    wait $recorder $slow
    recorder='' slow=''
    report
}

report() {
    printf '%-14s camera    %2d published, %s s, %d dropped, %d demoted\n' "$scene" \
        $(($(counter camera in-place) + $(counter camera copied))) "$(seconds camera)" \
        "$(counter camera dropped)" "$(counter camera demoted)"
    for who in recorder slow; do
        printf '%-14s %-8s  %2d received, %d skipped, %d lost\n' '' $who \
            "$(counter $who received)" "$(counter $who skipped)" "$(counter $who lost)"
    done
}

play latest latest 100
play block every 100
play drop every 100 overflow=drop
play block-timeout every 1500 block-timeout=500000000
