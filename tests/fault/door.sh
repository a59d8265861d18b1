#!/usr/bin/env bash
# nginx as Kedun configures, jails and starts it: jail, sizes, lengths, headers, streams, limits, and a log without
# anything a client sent.
#   tests/fault/door.sh SCRATCH-DIRECTORY
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/fault/lib.sh
dir=$1/door
mkdir -m 711 "$dir"
port=$(free_port)
base=https://127.0.0.1:$port
mkfifo "$dir/in"
build/tests/fault/door "$dir" "127.0.0.1:$port" <"$dir/in" >"$dir/out" 2>"$dir/log" &
exec 9>"$dir/in"
wait_for 5 curl -sk "$base/" || { cat "$dir/log"; bad "nginx starts"; finish; exit 1; }
master=$(awk '{print $2}' "$dir/out")
worker=$(pgrep -P "$master" | head -1)

call() { curl -sk --max-time 8 "$@"; }
code() { call -o /dev/null -w '%{http_code}' "$@"; }

for who in "$master" "$worker"; do
    is "process $([ "$who" = "$master" ] && echo master || echo worker) runs under seccomp" 2 "$(status_of "$who" Seccomp)"
    is "… and gets no new privileges" 1 "$(status_of "$who" NoNewPrivs)"
done
[ "$(id -u)" != 0 ] || is "started as root it is another user" 61188 "$(status_of "$worker" Uid)"
is "no core dumps" "1 1" "$(awk '/core file/ {print $5, $6}' "/proc/$worker/limits")"

# Who only connects is left to the kernel: nginx would agree on TLS with all who waited in one turn of its loop.
held() { ls "/proc/$worker/fd" | wc -l; }
before=$(held)
silent_fds=()
for ((i = 0; i < 40; i++)); do
    exec {fd}<>"/dev/tcp/127.0.0.1/$port"
    silent_fds+=("$fd")
done
sleep 2 # nginx's own "deferred" would keep them one second
is "others are answered beside connections that say nothing" 200 "$(code "$base/api/v1/x")"
is "… which nginx has not taken" yes "$([ "$(held)" -lt $((before + 20)) ] && echo yes)"
for fd in "${silent_fds[@]}"; do exec {fd}>&-; done

page=$(call -i "$base/")
has "a strict content security policy" "content-security-policy: default-src 'self'; script-src 'self'; style-src 'self'" "$page"
lacks "no inline script or eval" "unsafe-(inline|eval)" "$page"
has "HSTS" "strict-transport-security: max-age" "$page"
has "no framing" "frame-ancestors 'none'" "$page"
lacks "no version in sight" "nginx/[0-9]" "$page"

echoed=$(call -H 'X-Probe: yes' "$base/api/v1/x?a=b")
has "the path reaches the engine" "^DOCUMENT_URI=/api/v1/x$" "$echoed"
has "… and the query" "^QUERY_STRING=a=b$" "$echoed"
has "… and headers" "^HTTP_X_PROBE=yes$" "$echoed"
has "… and the real address" "^REMOTE_ADDR=127.0.0.1$" "$echoed"
has "… and an id" "^REQUEST_ID=[0-9a-f]{32}$" "$echoed"
has "an answer without a word on caching is not stored" "cache-control: no-store" "$(call -i "$base/api/v1/x")"

head -c 1048576 /dev/zero >"$dir/mebibyte"
head -c 4194304 /dev/zero >"$dir/part"
has "a body of the limit arrives whole" "^BODY=1048576$" "$(call --data-binary "@$dir/mebibyte" "$base/api/v1/x")"
is "a larger one is refused" 413 "$(code --data-binary "@$dir/part" "$base/api/v1/x")"
has "… with a problem document" '"code":"body_too_large"' "$(call --data-binary "@$dir/part" "$base/api/v1/x")"
has "a part of an upload may be larger" "^BODY=4194304$" "$(call --data-binary "@$dir/part" "$base/api/v1/imports/7/parts/1")"
for version in --http1.1 --http2; do
    is "a body of unknown length is refused ($version)" 411 "$(code "$version" -X POST -T - "$base/api/v1/x" <"$dir/mebibyte")"
    is "… as a GET with one ($version)" "$([ $version = --http2 ] && echo 200 || echo 411)" \
        "$(code "$version" -X GET -T - "$base/api/v1/x" <"$dir/mebibyte")"
done
is "nothing was written to a temporary file" "" "$(find "$dir/nginx/none" -type f)"
is "the pid is all that nginx writes" "$dir/nginx/run/nginx.pid" "$(find "$dir" -newer "$dir/out" -uid "$(stat -c %u "/proc/$worker")" -type f ! -path "$dir/tls/*" | grep nginx/)"

is "a header too large is refused" 400 "$(code --http1.1 -H "X-Big: $(head -c 20000 /dev/zero | tr '\0' a)" "$base/api/v1/x")"
is "metrics answer loopback" 200 "$(code "$base/metrics")"
is "hidden files are not served" 404 "$(code "$base/.kedun-stamp")"
is "an address of the pages is answered as the first one" "$(code "$base/")" "$(code "$base/o/customer/0190")"
script=$(call "$base/" | grep -oE '/assets/[^"]+\.js' | head -1)
[ -z "$script" ] || has "a script is kept by the browser as what it is" "immutable.*application/javascript" \
    "$(call -o /dev/null -w '%header{cache-control} %{content_type}' "$base$script")"
for name in o/customer/0190.css index.html.gz backup.sql assets/x.map assets/ x.; do
    is "no page stands in for a file that is none ($name)" 404 "$(code "$base/$name")"
done
for site in cross-site same-site; do
    is "another site's page is refused ($site)" 403 "$(code -X POST -d '{}' -H "Sec-Fetch-Site: $site" "$base/api/v1/session")"
done
has "… with a problem document" '"code":"foreign"' "$(call -H 'Sec-Fetch-Site: cross-site' "$base/api/v1/x")"
for site in same-origin none; do
    is "one of ours is not ($site)" 200 "$(code -H "Sec-Fetch-Site: $site" "$base/api/v1/x")"
done
is "TRACE is refused" 405 "$(code -X TRACE "$base/api/v1/x")"
echoed=$(call -H 'X-Forwarded-For: 203.0.113.9' -H 'X-Real-IP: 203.0.113.9' -H 'REMOTE_ADDR: 203.0.113.9' -H 'Remote-Addr: 203.0.113.9' -H 'Request-Id: mine' "$base/api/v1/x")
has "nobody can say another address for himself" "^REMOTE_ADDR=127.0.0.1$" "$echoed"
has "… nor another id for his request" "^REQUEST_ID=[0-9a-f]{32}$" "$echoed"
is "plain HTTP is refused and led nowhere" 400 "$(code "http://127.0.0.1:$port/")"
for old in 1.0 1.1; do
    is "TLS $old is refused" 000 "$(code --tls-max "$old" "--tlsv$old" --ciphers DEFAULT@SECLEVEL=0 "$base/")"
done
has "events stream at once" "^data: first" "$(curl -skN --max-time 2 "$base/api/v1/jobs/7/events")"
is "a hung-up engine is unavailable" 503 "$(code "$base/api/v1/drop?phone=13800138000")"

# Sign-ins: the burst passes, the flood does not.
flood=$(seq 1 120 | xargs -P 8 -n 20 sh -c 'for i; do echo "url = '"$base"'/api/v1/session?phone=13800138000"; done |
    curl -sk --max-time 8 -X POST -d x -o /dev/null -w "%{http_code}\n" -K -' sh | sort | uniq -c)
has "a flood of sign-ins is slowed" "[0-9]+ 429" "$flood"
has "… but not the first of them" "[0-9]+ 200" "$flood"
is "other calls go on" 200 "$(code "$base/api/v1/x")"

# A client that dawdles is cut off.
dawdle=$( (timeout 14 openssl s_client -quiet -connect "127.0.0.1:$port" < <(printf 'GET /api/v1/x?phone=13800138000 HTTP/1.1\r\n'; sleep 14)) 2>/dev/null; echo "$?")
lacks "a head that never ends is cut off within 10 s" "124" "$dawdle"

log=$(cat "$dir/log")
has "the log has the refusals" "limiting requests" "$log"
lacks "… but no query, address or request line" "13800138000|phone|client:|request:|GET |POST " "$log"

exec 9>&-
wait_for 5 sh -c "! kill -0 $master"
is "it ends when told" "" "$(pgrep -P "$master"; kill -0 "$master" 2>/dev/null && echo "$master")"
finish
