# Shared by the parts of the fault suite. Sourced.
passed=0 failed=0
ok() { echo "ok   $1"; passed=$((passed + 1)); }
bad() { echo "FAIL $1${2:+: $2}"; failed=$((failed + 1)); }
# is NAME WANTED GOT
is() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1" "expected $2, got $3"; fi; }
# has NAME PATTERN TEXT, lacks NAME PATTERN TEXT (extended regular expressions)
has() { if grep -aqE -- "$2" <<<"$3"; then ok "$1"; else bad "$1" "no $2 in: $(head -c 300 <<<"$3")"; fi; }
lacks() { if grep -aqE -- "$2" <<<"$3"; then bad "$1" "found $2"; else ok "$1"; fi; }
finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
}
# wait_for SECONDS COMMAND...: until it succeeds
wait_for() {
    local tries=$(($1 * 20))
    shift
    for ((i = 0; i < tries; i++)); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.05
    done
    return 1
}
# A TCP port nobody listens on now.
free_port() {
    local p
    for ((i = 0; i < 50; i++)); do
        p=$((20000 + RANDOM % 20000))
        (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || { echo "$p"; return; }
    done
}
status_of() { awk -v k="$2:" '$1 == k {print $2}' "/proc/$1/status"; }
