#!/bin/bash
# test.sh: runs the exchanges, shortly. How fast they are is not tested: that each buffer that was handed over came, is.
set -euo pipefail
. "$(dirname "$0")/../testing.sh"
. ../libbips.sh
command -v cc >/dev/null || skip "there is no C compiler here (Debian: gcc libc6-dev)"
use_libbips >"$work/report.txt" || skip "$(cat "$work/report.txt")"
room=$(df -m --output=avail "${BIPS_SHM_DIR:-/dev/shm}" | tail -n 1)
[ "$room" -gt 400 ] || skip "ten buffers of 4K need 332 MB of shared memory, and there are $room"

./run.sh 0.1 >"$work/report.txt" 2>&1 || { cat "$work/report.txt"; fail "the recipe failed"; }
cat "$work/report.txt"
grep -q '^== Go' "$work/report.txt" && want=20 || want=10
expect "rows of producers" "$(grep -c '^producer' "$work/report.txt")" -eq "$want"
expect "rows of consumers" "$(grep -c '^consumer.*latency' "$work/report.txt")" -eq "$want"
awk '
    /^producer/ { sub(/^[^:]*: /, ""); handed = $1; what = $4 " bytes, " $7 " buffers" }
    /^consumer/ { sub(/^[^:]*: /, ""); if ($1 != handed || $1 < 1) { print what ": " handed " handed over, " $1 " came"; bad = 1 } }
    END { exit bad }' "$work/report.txt" || fail "not every buffer came"
