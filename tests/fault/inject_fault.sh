#!/usr/bin/env bash
# System calls that fail or kill, and a host that has no more to give: the parts of the fault suite that need a whole server.
#   tests/fault/inject_fault.sh     a sample;  KEDUN_INJECT=all ./do test fault: every call of keeper and writer, each fault
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=300
[ "${KEDUN_INJECT:-}" != all ] || seconds=5400
passed=0 failed=0
apart=()
# What mounts is done in a mount namespace, so that nothing of it outlives the test; without root that can't be had.
[ "$(id -u)" != 0 ] || apart=(unshare -m --propagation private)
for file in tests/fault/*.test.mjs; do
    case $file in */host.* | */clock.* | */short.*)
        [ ${#apart[@]} -gt 0 ] || { echo "left out without root: $file"; continue; } ;;
    esac
    out=$(timeout "$seconds" "${apart[@]}" node --test --test-reporter=tap "$file")
    p=$(grep -aE '^# pass [0-9]+' <<<"$out" | awk '{print $3}')
    f=$(grep -aE '^# (fail|cancelled) [0-9]+' <<<"$out" | awk '{n += $3} END {print n + 0}')
    [ -n "$p" ] || { p=0 f=1; }
    [ "$f" = 0 ] || head -150 <<<"$out"
    grep -aE '^# fault:|^ok ' <<<"$out"
    passed=$((passed + p)) failed=$((failed + f))
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
