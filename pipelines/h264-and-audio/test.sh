#!/bin/sh
# test.sh: runs the recipe, and compares the file with one that was made in one process,
# without BIPS: it has as many frames, and sound and picture are as far apart.
set -eu
. "$(dirname "$0")/../testing.sh"
needs openh264enc openh264dec h264parse opusenc opusdec matroskamux matroskademux videoanalyse level

./run.sh "$work" || { cat "$work"/*.txt; fail "the recipe failed"; }
gst-launch-1.0 -q matroskamux name=file ! filesink location="$work/alone.mkv" \
    videotestsrc pattern=ball flip=true num-buffers=160 ! video/x-raw,width=320,height=240,framerate=50/1 \
    ! openh264enc gop-size=25 ! h264parse ! queue max-size-time=0 ! file. \
    audiotestsrc wave=ticks num-buffers=160 samplesperbuffer=960 ! audio/x-raw,rate=48000 ! opusenc \
    ! queue max-size-time=0 ! file.

# look NAME: decodes a file, and writes down what is seen and heard when.
look() {
    gst-launch-1.0 -m filesrc location="$work/$1.mkv" ! matroskademux name=file \
        file.video_0 ! queue max-size-time=0 ! h264parse ! openh264dec ! videoconvert ! videoanalyse ! fakesink sync=false \
        file.audio_0 ! queue max-size-time=0 ! opusdec ! audioconvert ! level interval=1000000 ! fakesink sync=false \
        >"$work/$1.txt"
}

# events NAME: the picture's changes and the ticks, in milliseconds: "picture 1093", "tick 1064".
events() {
    sed -n -e 's/.*GstVideoAnalyse, timestamp=(guint64)\([0-9]*\).*luma-average=(double)\([0-9.e-]*\).*/picture \1 \2 0.5/p' \
        -e 's/.* level, .* timestamp=(guint64)\([0-9]*\).*peak=[^<]*< *\([-0-9.einf]*\).*/tick \1 \2 -20/p' "$work/$1.txt" |
        awk '{ on = $3 > $4 }
            on != was[$1] && (on || $1 == "picture") && $2 > 500000000 { printf "%s %d\n", $1, $2 / 1000000 }
            { was[$1] = on }'
}

# apart NAME: how long each tick comes before the picture's change, in milliseconds.
apart() {
    events "$1" | awk '{ n = ++count[$1]; at[$1, n] = $2 }
        END { for (n = 1; n <= count["picture"]; n++) print at["picture", n] - at["tick", n] }' | tr '\n' ' '
}

for name in door alone; do
    look $name
    expect "frames in $name.mkv" "$(grep -c GstVideoAnalyse "$work/$name.txt")" -eq 160
done
door=$(apart door)
alone=$(apart alone)
echo "the picture changes this many ms after each tick: $door; without BIPS: $alone"
expect "changes of the picture" "$(echo "$door" | wc -w)" -eq 3
# Decoded sound begins where its first packet does, which may be off by some ms.
for n in 1 2 3; do
    off=$(($(echo "$door" | cut -d' ' -f$n) - $(echo "$alone" | cut -d' ' -f$n)))
    expect "ms between picture and sound at change $n, besides what there is without BIPS" ${off#-} -le 15
done
