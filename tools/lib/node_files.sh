# Test files for node's runner: two at a time, each a process of its own with servers of its own; then, one by one, those
# that say "// Alone:" and why on one of their first lines (they load the machine themselves, or count on what it has).
# Sourced by suites.
#   node_files SECONDS FILE...   each file's time; prints what failed and a line a file, ends with "N passed, N failed"
# NODE_SHOW: lines of a file's output to print in any case (extended regular expression). NODE_AT_ONCE: how many at a time.
# NODE_UNDER: a command to run node under.

one_node_file() {
    local seconds=$1 dir=$2 file=$3 out start=$SECONDS p f
    # shellcheck disable=SC2086
    out=$(timeout "$seconds" ${NODE_UNDER:-} node --test --test-reporter=tap "$file" 2>&1)
    p=$(grep -aE '^# pass [0-9]+' <<<"$out" | awk '{print $3}')
    f=$(grep -aE '^# (fail|cancelled) [0-9]+' <<<"$out" | awk '{n += $3} END {print n + 0}')
    [ -n "$p" ] || { p=0 f=1; }
    {
        [ "$f" = 0 ] || grep -avE '^ *(ok|# (tests|suites|pass|fail|canc|skip|todo|dur|Sub)|TAP|1\.\.|---|\.\.\.|duration_ms|type:)' <<<"$out" | head -3000
        [ -z "${NODE_SHOW:-}" ] || grep -aE "$NODE_SHOW" <<<"$out"
        echo "$(basename "$file" .test.mjs): $p passed, $f failed ($((SECONDS - start)) s)"
    } >"$dir/$(basename "$file").told"
    echo "$p $f" >"$dir/$(basename "$file").counts"
    cat "$dir/$(basename "$file").told" # at once, so that two files' words don't mix
}
export -f one_node_file

node_files() {
    local seconds=$1 dir file counts
    shift
    dir=$(mktemp -d)
    local together=() alone=()
    for file in "$@"; do
        if head -5 "$file" | grep -q '^// Alone:'; then alone+=("$file"); else together+=("$file"); fi
    done
    [ ${#together[@]} = 0 ] || printf '%s\n' "${together[@]}" |
        xargs -P "${NODE_AT_ONCE:-2}" -I{} bash -c 'one_node_file "$@"' one "$seconds" "$dir" {}
    for file in ${alone[@]+"${alone[@]}"}; do one_node_file "$seconds" "$dir" "$file"; done
    # A file that left no counts has failed.
    counts=$(for file in "$@"; do cat "$dir/$(basename "$file").counts" 2>/dev/null || echo "0 1"; done |
        awk '{p += $1; f += $2} END {print p + 0, f + 0}')
    rm -rf "$dir"
    passed=${counts% *} failed=${counts#* }
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
}
