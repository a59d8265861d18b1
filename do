#!/usr/bin/env bash
# Kedun's one door for people who build it. `./do` alone lists what it can do. Works on a bare Debian 12.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source tools/lib/common.sh
source tools/lib/setup.sh
source tools/lib/build.sh

usage() {
    cat <<'TEXT'
usage: ./do COMMAND
  setup                   install the Debian packages that are missing
  run                     build, make the demo company in data/demo, serve https://127.0.0.1:8443
  build                   build the server in build/ and the pages in ui/dist
  test [SUITE...]         all suites, or these; each is tests/SUITE/run
  check                   formatting, clang-tidy, cppcheck, layers, lengths, house rules, names in scripts
  bench [CASE] [...]      measure (tests/bench/run); bench matrix: every bar, in one report;
                          bench tryton: the same beside Tryton, which it installs
  fuzz [TARGET] [--seconds N]  fuzz every target, or one, for 20 seconds each or as long as said
  clean                   remove what was built (never data/)
TEXT
}

# Suites in the order in which they fail soonest; a suite that is not there is not run.
SUITES="unit asan memory fuzz fault api leak keeper people ui"

run_demo() {
    setup_packages run
    [ -x build/kedun ] && [ -d ui/dist ] || say "building the server and the pages; the first time takes two or three minutes"
    build_all kedun
    local data=${KEDUN_DATA:-data/demo} listen=${KEDUN_LISTEN:-127.0.0.1:8443}
    local share=()
    if [ "$(id -u)" = 0 ] && ! others_can_reach "$PWD"; then
        # Started as root each role is a user of its own, who cannot enter, say, /root.
        data=${KEDUN_DATA:-/var/lib/kedun/demo}
        install_share /var/lib/kedun/share
        share=(--config /var/lib/kedun/share/kedun.conf)
    fi
    mkdir -p "$(dirname "$data")"
    if [ -z "$(ls "$data/db" 2>/dev/null)" ]; then
        say "making the demo company in $data; this takes a minute"
        build/kedun demo --data "$data" --customers "${KEDUN_CUSTOMERS:-20000}" "${share[@]}" >"$data.log" ||
            { cat "$data.log"; die "the demo company was not finished"; }
    elif [ ! -f "$data/demo-truth.json" ]; then
        die "$data holds no finished demo company: remove it to have it made anew, or start it with build/kedun serve --data $data"
    fi
    serve_demo --data "$data" --listen "$listen" "${share[@]}"
}

# Serves until Ctrl-C; who is in the demo is told when the door is open, below the log's first lines.
serve_demo() {
    exec build/kedun serve "$@" 2> >(
        trap '' INT TERM
        while IFS= read -r line; do
            printf '%s\n' "$line" >&2
            [[ $line != *" serving https://"* ]] || tell_demo "$2" "$4"
        done
    )
}

tell_demo() {
    cat <<TEXT

$(build/kedun demo --people)

打开 open: https://${2/127.0.0.1/localhost}
信任证书 trust the certificate: import $1/tls/ca.crt into the browser as an authority (README)
停止 stop: Ctrl-C
TEXT
}

run_check() {
    setup_packages all
    build_server
    local failed=0 step
    for step in format layers lengths house scripts cppcheck tidy; do
        local start=$SECONDS
        if "tools/check-$step"; then
            say "check-$step: clean ($((SECONDS - start)) s)"
        else
            say "check-$step: FINDINGS above ($((SECONDS - start)) s)"
            failed=1
        fi
    done
    return "$failed"
}

all_suites() {
    local known=" $SUITES " suite
    for suite in $SUITES; do
        [ -x "tests/$suite/run" ] && echo "$suite"
    done
    for suite in tests/*/run; do
        suite=$(basename "$(dirname "$suite")")
        [ "$suite" = bench ] || [[ $known == *" $suite "* ]] || [ ! -x "tests/$suite/run" ] || echo "$suite"
    done
}

# A suite prints what it likes and ends with "N passed, N failed"; without that line it has failed.
run_suite() {
    local suite=$1 log=build/test-$1.log start=$SECONDS status=0
    say "== $suite"
    "tests/$suite/run" 2>&1 | tee "$log" || status=1
    local line
    line=$(grep -aE '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -1 || true)
    local p=${line%% *} f=${line#*, }
    f=${f%% *}
    [ -n "$line" ] || { p=0 f=1; }
    [ "$status" = 0 ] || [ "$f" != 0 ] || f=1
    passed=$((passed + p)) failed=$((failed + f))
    summary+="$(printf '%-8s %6d passed %5d failed %5d s' "$suite" "$p" "$f" $((SECONDS - start)))"$'\n'
}

run_tests() {
    setup_packages all
    build_all
    local suites=("$@") suite
    [ $# -gt 0 ] || mapfile -t suites < <(all_suites)
    passed=0 failed=0 summary=
    for suite in "${suites[@]}"; do
        [ -x "tests/$suite/run" ] || die "there is no suite $suite; there are: $(all_suites | tr '\n' ' ')"
        run_suite "$suite"
    done
    say "== summary"
    printf '%s' "$summary"
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
}

run_fuzz() {
    setup_packages all
    tests/fuzz/run "$@"
}

clean() {
    rm -rf build build-asan build-fuzz ui/dist
}

command=${1:-help}
[ $# = 0 ] || shift
case $command in
setup) setup_packages "${1:-all}" ;;
build) setup_packages run && build_all ;;
run) run_demo ;;
test) run_tests "$@" ;;
check) run_check ;;
bench) setup_packages all && build_all && exec tests/bench/run "$@" ;;
fuzz) run_fuzz "$@" ;;
clean) clean ;;
help | -h | --help) usage ;;
*)
    usage >&2
    exit 2
    ;;
esac
