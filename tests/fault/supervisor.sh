#!/usr/bin/env bash
# kedun serve itself: one at a time, every process jailed, restarted when killed, stopped in good order, nobody left.
#   tests/fault/supervisor.sh SCRATCH-DIRECTORY
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/fault/lib.sh
dir=$1/serve
port=$(free_port)
base=https://127.0.0.1:$port
serve() {
    build/kedun serve --data "$dir" --listen "127.0.0.1:$port" >>"$dir.log" 2>&1 &
    supervisor=$!
}
up() { [ "$(curl -sk -o /dev/null -w '%{http_code}' --max-time 2 "$base/")" != 000 ]; }
# The process of a role: a child of the supervisor that was started as it.
role_pid() {
    local p
    for p in $(pgrep -P "$supervisor"); do
        tr '\0' ' ' <"/proc/$p/cmdline" | grep -qE -- "--role $1 |^$1: master" && { echo "$p"; return; }
    done
}
gone() { ! kill -0 "$1" 2>/dev/null; }
other_now() { local now; now=$(role_pid "$1"); [ -n "$now" ] && [ "$now" != "$2" ]; }

has "a directory that was never initialised is refused with the remedy" "kedun init --data" \
    "$(build/kedun serve --data "$dir" --listen "127.0.0.1:$port" 2>&1)"
passwords() { printf 'first password %s\n' one two three; }
passwords | build/kedun init --data "$dir" >>"$dir.log" 2>&1
passwords | build/kedun init --data "$dir.2" >>"$dir.log" 2>&1
has "a second initialisation is refused" "people in it already" "$(passwords | build/kedun init --data "$dir" 2>&1)"

serve
wait_for 20 up || { cat "$dir.log"; bad "serve starts"; finish; exit 1; }
ok "serve starts"
has "a second one on the same data is refused" "in use by another kedun" \
    "$(build/kedun serve --data "$dir" --listen "127.0.0.1:$(free_port)" 2>&1)"
has "a port that is taken is refused" "another program has the port" \
    "$(build/kedun serve --data "$dir.2" --listen "127.0.0.1:$port" 2>&1)"
is "keys are the keeper's alone" 700 "$(stat -c %a "$dir/keys")"
is "a socket of the keeper is its caller's alone" 600 "$(stat -c %a "$dir/run/keeper-engine.sock")"

for role in keeper engine jobs nginx; do
    pid=$(role_pid "$role")
    [ -n "$pid" ] || { [ "$role" = nginx ] && bad "$role runs"; continue; }
    is "$role runs under seccomp" 2 "$(status_of "$pid" Seccomp)"
    is "$role gets no new privileges" 1 "$(status_of "$pid" NoNewPrivs)"
    [ "$(id -u)" != 0 ] || lacks "$role is not root" '^0$' "$(status_of "$pid" Uid)"
    kill -KILL "$pid"
    wait_for 15 other_now "$role" "$pid" && ok "$role is started again after kill -9" || bad "$role is started again"
    wait_for 15 up && ok "… and the door answers" || bad "the door answers after kill -9 of $role"
done

workers=$(pgrep -P "$(role_pid nginx)")
start=$SECONDS
kill -TERM "$supervisor"
wait "$supervisor"
is "SIGTERM ends it with code 0" 0 $?
[ $((SECONDS - start)) -le 8 ] && ok "… soon" || bad "… soon" "$((SECONDS - start)) s"
is "… and nobody is left" "" "$(for p in $workers; do kill -0 "$p" 2>/dev/null && echo "$p"; done)"

serve
wait_for 20 up
children=$(pgrep -P "$supervisor")
kill -KILL "$supervisor"
wait "$supervisor" 2>/dev/null
for p in $children; do
    wait_for 8 gone "$p" || bad "a role outlives its killed supervisor" "$(tr '\0' ' ' <"/proc/$p/cmdline")"
done
ok "roles die with a killed supervisor"
serve
wait_for 20 up && ok "it starts again where it was killed" || bad "it starts again where it was killed"
kill -TERM "$supervisor"
wait "$supervisor"

printf 'listen = 127.0.0.1:%s\nbody_kib = many\n' "$port" >"$dir/kedun.conf"
has "a wrong line of the configuration is named with a remedy" "kedun.conf:2: body_kib must be a whole number from" \
    "$(build/kedun serve --data "$dir" 2>&1)"
finish
