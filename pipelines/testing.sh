# shellcheck shell=sh
# Sourced by the recipes' test.sh: $work is a folder that is removed at the end.

cd "$(dirname "$0")" || exit
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

skip() { echo "skipped: $*"; exit 77; }
fail() { echo "$*"; exit 1; }

# needs ELEMENT...: skips the test where GStreamer lacks one of them.
needs() {
    for element; do
        gst-inspect-1.0 "$element" >/dev/null 2>&1 || skip "GStreamer has no $element here"
    done
}

# expect WHAT IS COMPARISON WANT, with a comparison of test(1): -eq, -gt, =, ...
expect() {
    test "$2" "$3" "$4" || fail "$1: $2, want $3 $4"
}
