#!/usr/bin/env bash
# The packet filter's rules that packaging/kedun.nft proposes, loaded in a network of their own.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/fault/lib.sh
if ! unshare -n nft list ruleset >/dev/null 2>&1; then
    echo "left out without root, nft or a packet filter in the kernel"
    finish
    exit 0
fi
# $1: what sed changes of the rules before they are loaded.
try() {
    unshare -n bash -c '
        ip link set lo up && ip addr add fd00:1::1/64 dev lo && ip addr add fd00:1::9/64 dev lo && ip addr add fd00:2::9/64 dev lo &&
            sed "$1" packaging/kedun.nft | nft -f - && ulimit -n 8192 && timeout 60 node tests/fault/filter.mjs' _ "$1" 2>&1
}
count() {
    out=$(try "$1")
    grep -aE '^(ok|FAIL) ' <<<"$out" || { echo "$out"; bad "the rules are loaded"; }
    passed=$((passed + $(grep -c '^ok ' <<<"$out"))) failed=$((failed + $(grep -c '^FAIL ' <<<"$out")))
}
count ''
echo "with the bound of what stands, and no other:"
count 's/over 50\/second burst 1000 packets/over 100000\/second burst 100000 packets/; s/ct count over 3000/ct count over 1000/'
finish
