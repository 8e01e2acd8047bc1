#!/bin/sh
# test.sh: runs the recipe, and looks whether each program read the camera up to its end.
set -eu
. "$(dirname "$0")/../testing.sh"
. ../libbips.sh
needs videotestsrc
command -v cc >/dev/null || skip "there is no C compiler here (Debian: gcc libc6-dev)"
use_libbips >"$work/report.txt" || skip "$(cat "$work/report.txt")"

./run.sh "$work" >"$work/report.txt" 2>&1 || { tail -n 20 "$work"/*.txt; fail "the recipe failed"; }
cat "$work/report.txt"
left_out=$(grep -c '^left out' "$work/report.txt" || true)
expect "programs" "$(grep -c 'frames in all' "$work/report.txt")" -eq $((3 - left_out))
for said in "$work"/epoll.txt "$work"/glib.txt "$work"/libuv.txt; do
    [ -f "$said" ] || continue
    name=$(basename "$said" .txt)
    expect "$name: frames" "$(sed -n 's/ frames in all//p' "$said")" -gt 20
    expect "$name: seconds" "$(grep -c 'frames so far' "$said")" -ge 1
    expect "$name: caps" "$(grep -c 'format=(string)GRAY8.*, 76800 bytes a frame' "$said")" -eq 1
    expect "$name: ends" "$(grep -c 'end of stream' "$said")" -eq 1
done
