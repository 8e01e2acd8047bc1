#!/bin/sh
# test.sh: has systemd and a compose program read the recipe's files, where they are installed. That
# the units work, and containers with the same restrictions, tests/containers shows.
set -eu
. "$(dirname "$0")/../testing.sh"

tried=''
if command -v systemd-analyze >/dev/null 2>&1; then
    said=$(systemd-analyze verify systemd/*.service 2>&1) || fail "systemd-analyze verify: $said"
    [ -z "$said" ] || fail "systemd-analyze verify: $said"
    tried="$tried systemd-analyze"
fi
if docker compose version >/dev/null 2>&1; then
    said=$(docker compose config --quiet 2>&1) || fail "docker compose config: $said"
    tried="$tried docker-compose"
elif podman-compose config --help >/dev/null 2>&1; then
    said=$(podman-compose config 2>&1) || fail "podman-compose config: $said"
    tried="$tried podman-compose"
fi
[ -n "$tried" ] || skip "neither systemd-analyze nor a compose program is installed"
echo "read by:$tried"
