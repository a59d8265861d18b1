#!/usr/bin/env bash
# A demo base: made through the guarded path, its truth repeatable, served to this machine alone.
#   tests/fault/demo_fault.sh SCRATCH-DIRECTORY
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/fault/lib.sh
dir=$1/demo
port=$(free_port)
base=https://127.0.0.1:$port
jar=$1/demo.cookies
up() { [ "$(curl -sk -o /dev/null -w '%{http_code}' --max-time 2 "$base/healthz")" = 200 ]; }
sign_in() {
    curl -sk -c "$jar" -H 'Content-Type: application/json' -d "{\"login\":\"$1\",\"password\":\"$2\"}" "$base/api/v1/session"
}
customers() { curl -sk -b "$jar" "$base/api/v1/records/customer?limit=1&count=true"; }

out=$(build/kedun demo --data "$dir" --customers 150 --seed 5 2>&1)
is "a demo company is made" 0 $?
has "its people are printed with the password" "sales .*王芳.*demo-password|密码 password: demo-password" "$out"
lacks "nothing of it is refused" "refused" "$out"
has "a second one over it is refused" "people in it already" "$(build/kedun demo --data "$dir" --customers 1 2>&1)"
lacks "the truth names no value" "有限|先生|1[3-9][0-9]{9}" "$(cat "$dir/demo-truth.json")"
is "the truth names every customer once at most" "" "$(grep -oE '"id":"[^"]*"' "$dir/demo-truth.json" | sort | uniq -d)"

explain() { build/kedun policy explain --data "$dir" "$@" 2>&1; }
id=$(grep -oE '"ids":\["[0-9a-f-]{36}' "$dir/demo-truth.json" | head -1 | cut -c9-)
id=${id:-$(grep -oE '"id":"[0-9a-f-]{36}' "$dir/demo-truth.json" | head -1 | cut -c7-)}
has "a decision is explained while nothing is served" '"decision": "allow"' \
    "$(explain --user head --action view --record "customer/$id")"

has "it is not served to other machines" "demo base" \
    "$(timeout 30 build/kedun serve --data "$dir" --listen "0.0.0.0:$port" 2>&1)"
build/kedun serve --data "$dir" --listen "127.0.0.1:$port" >"$dir.log" 2>&1 &
server=$!
wait_for 20 up || { cat "$dir.log"; bad "it is served to this machine"; }
has "a wrong password is refused" "sign_in_failed" "$(sign_in sales wrong-password)"
has "the salesperson signs in" '"csrf"' "$(sign_in sales demo-password)"
own=$(customers | grep -oE '"value":[0-9]+' | grep -oE '[0-9]+')
has "head office signs in" '"csrf"' "$(sign_in head demo-password)"
is "head office sees the whole group" 150 "$(customers | grep -oE '"value":[0-9]+' | grep -oE '[0-9]+')"
[ "${own:-0}" -gt 0 ] && [ "${own:-0}" -lt 150 ] && ok "the salesperson sees own customers" ||
    bad "the salesperson sees own customers" "${own:-none} of 150"
has "the auditor signs in" '"csrf"' "$(sign_in auditor demo-password)"
has "… and knows of no customers" "unknown_object" "$(customers)"
out=$(explain --user auditor --action view --record "customer/$id")
has "a decision is explained beside a running server" '"decision": "deny"' "$out"
has "… with the policy that forbids it" "forbid duty-auditor-no-records" "$out"
lacks "… and no value of the record" '\b1[3-9][0-9]{9}\b|有限' "$out"
has "an unknown record is said to be unknown" "no record" \
    "$(explain --user head --action view --record customer/00000000-0000-7000-8000-000000000000)"
kill -TERM "$server"
wait "$server"
finish
