# Small things that ./do and the suites share. Sourced, not run.

say() { printf '%s\n' "$*"; }
die() {
    printf '%s\n' "$*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# True when every folder down to $1 lets other users pass through.
others_can_reach() {
    local at
    at=$(readlink -f "$1")
    while [ "$at" != / ]; do
        [ $((0$(stat -c %a "$at") & 1)) = 1 ] || return 1
        at=$(dirname "$at")
    done
}

jobs_count() { nproc 2>/dev/null || echo 2; }
