#!/bin/sh
# test.sh: runs the recipe, and looks at what the processes counted.
set -eu
. "$(dirname "$0")/../testing.sh"

./run.sh "$work" >"$work/report.txt" || { cat "$work"/*.txt; fail "the recipe failed"; }
cat "$work/report.txt"

# counted SCENE WHO NAME: the number before that word in the report.
counted() {
    awk -v scene="$1" -v who="$2" -v name="$3" '
        /^[^ ]/ { current = $1; sub(/^[^ ]+/, "") }
        current == scene && $1 == who { for (i = 2; i <= NF; i++) if ($i ~ "^" name ",?$") print $(i - 1) }' "$work/report.txt"
}
is() { expect "$1: $2: $3" "$(counted "$1" "$2" "$3")" "$4" "$5"; }

for scene in latest block; do
    is $scene camera published -eq 30
    is $scene camera dropped -eq 0
    is $scene recorder received -eq 30
    is $scene recorder lost -eq 0
    is $scene slow lost -eq 0
done
is latest slow skipped -gt 0
expect "latest: slow: received and skipped" $(($(counted latest slow received) + $(counted latest slow skipped))) -eq 30
is block slow received -eq 30

is drop camera dropped -gt 0
for who in recorder slow; do
    is drop $who received -eq "$(counted drop camera published)"
    is drop $who lost -eq "$(counted drop camera dropped)"
done
expect "drop: camera: published and dropped" $(($(counted drop camera published) + $(counted drop camera dropped))) -eq 30

is block-timeout camera published -eq 30
is block-timeout camera demoted -eq 1
is block-timeout recorder received -eq 30
is block-timeout recorder lost -eq 0
is block-timeout slow lost -gt 0
