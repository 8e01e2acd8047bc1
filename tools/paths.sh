# shellcheck shell=bash
# Sourced by the other tools: where things are kept, and how to speak.

# shellcheck disable=SC2034 # for those who source this
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Outside the checkout: Go's build cache is keyed by the include path, so each
# new clone would compile go-gst again (2 to 3 minutes).
cache=${XDG_CACHE_HOME:-${HOME:?is not set, so there is no cache folder}/.cache}/bips

# What go-gst and go-glib v0.0.2 were generated against: they compile with
# these headers or newer ones, whatever is installed to link with.
need_gst=1.26
need_glib=2.84

say() { printf 'bips: %s\n' "$*"; }
die() { printf 'bips: %s\n' "$*" >&2; exit 1; }

have() { command -v "$1" >/dev/null 2>&1; }

# True when the system's own headers will do.
system_headers_suffice() {
    have pkg-config &&
        pkg-config --atleast-version="$need_gst" gstreamer-1.0 &&
        pkg-config --atleast-version="$need_glib" glib-2.0
}

# The folder of fetched headers: BIPS_HEADERS or our own.
headers_dir() { printf '%s\n' "${BIPS_HEADERS:-$cache/headers-$need_gst-$(uname -m)}"; }

# headers_pkgconfig DIR: the folder of the .pc files in DIR, or nothing.
headers_pkgconfig() {
    local pc
    for pc in "$1"/usr/lib/*/pkgconfig/gstreamer-1.0.pc "$1"/usr/lib*/pkgconfig/gstreamer-1.0.pc; do
        [ -f "$pc" ] && dirname "$pc" && return
    done
    return 1
}

# use_go: puts a Go of 1.21 or later on the PATH, or says how to get one. From
# 1.21 on, Go fetches the version that go.mod asks for by itself.
use_go() {
    local dir
    for dir in '' /usr/local/go/bin "$HOME"/go/bin "$HOME"/sdk/go*/bin /usr/lib/go-*/bin /usr/lib/golang/bin; do
        if PATH=${dir:+$dir:}$PATH go_is_recent; then
            export PATH="${dir:+$dir:}$PATH"
            # Some distributions turn the fetching off in Go's own settings.
            [ -n "${GOTOOLCHAIN:-}" ] || [ "$(cd / && go env GOTOOLCHAIN)" != local ] || export GOTOOLCHAIN=auto
            return
        fi
    done
    die "Go 1.21 or later is needed$(have go && printf ', and this is %s' "$(cd / && go env GOVERSION)"): get it from go.dev/dl, or from packages: golang-go of Debian 13, Ubuntu 24.04 or newer, golang of Fedora; Debian 12's own is 1.19, but bookworm-backports has newer ones as golang-1.2x-go"
}

# In /, so that no go.mod decides what "go" means.
go_is_recent() {
    local version
    have go || return
    version=$(cd / && go env GOVERSION 2>/dev/null) || return
    version=${version#go}
    version=${version%%[!0-9.]*}
    [ "$(printf '%s\n' 1.21 "$version" | sort -V | head -n 1)" = 1.21 ]
}
