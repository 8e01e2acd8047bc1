#!/bin/sh
# test.sh: runs the recipe, and looks at the pictures: every frame of the camera, with a ball that moves.
set -eu
. "$(dirname "$0")/../testing.sh"
. ../libbips.sh
command -v cargo >/dev/null || skip "there is no cargo here (Debian: cargo)"
use_libbips >"$work/report.txt" || skip "$(cat "$work/report.txt")"

./run.sh >"$work/report.txt" 2>&1 || { tail -n 40 "$work/report.txt"; fail "the recipe failed"; }
tail -n 26 "$work/report.txt"
awk '
    /^frame / {
        if (last && $2 + 0 != last + 1) { print "frame " $2 " follows frame " last; exit bad = 1 }
        last = $2 + 0; frames++; rows = 0; next
    }
    / frames$/ { said = $1; next }
    length($0) != 64 { print "a row of " length($0) " characters: " $0; exit bad = 1 }
    {
        rows++; row[frames] = row[frames] $0; bright[frames] += gsub("[%@]", "&")
        for (at = 1; at <= 64; at++) if (substr($0, at, 1) ~ /[%@]/) {
            if (!right[frames] || at < left[frames]) left[frames] = at
            if (at > right[frames]) right[frames] = at
        }
    }
    rows > 24 { print "frame " last " has more than 24 rows"; exit bad = 1 }
    END {
        if (bad) exit 1
        if (frames < 20 || frames != said) { print frames " pictures, said to be " said; exit 1 }
        for (i = 1; i <= frames; i++)
            if (length(row[i]) != 64 * 24 || bright[i] < 5 || bright[i] > 40 || right[i] - left[i] > 9) { print "picture " i " shows no ball: " bright[i] " bright characters from " left[i] " to " right[i]; exit 1 }
        if (row[1] == row[frames]) { print "the ball does not move"; exit 1 }
    }' "$work/report.txt" || fail "the pictures are not the camera's"
