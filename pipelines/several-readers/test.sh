#!/bin/sh
# test.sh: runs the recipe, and looks whether the slow readers cost the others a frame.
set -eu
. "$(dirname "$0")/../testing.sh"
. ../python.sh
use_python numpy >"$work/report.txt" 2>&1 || skip "$(tail -n 2 "$work/report.txt")"

./run.sh "$work" >"$work/report.txt" 2>&1 || { tail -n 20 "$work"/*.txt; fail "the recipe failed"; }
cat "$work/report.txt"
# counted WHO COLUMN
counted() { awk -v who="$1" -v column="$2" '$1 == who { print $column }' "$work/report.txt"; }
expect "what the camera counted" "$(sed -n 's/^camera: \(.*\), in .*/\1/p' "$work/report.txt")" = "90 published, 0 dropped, 0 demoted"
expect "frames of the recorder" "$(counted recorder 5)" -eq 90
for who in recorder preview detector archivist; do
    expect "$who: received and passed by" $(($(counted $who 5) + $(counted $who 6))) -eq 90
    expect "$who: lost" "$(counted $who 7)" -eq 0
    expect "$who: received" "$(counted $who 5)" -ge 2
done
expect "detector: passed by" "$(counted detector 6)" -gt 45
expect "archivist: passed by" "$(counted archivist 6)" -gt 80
