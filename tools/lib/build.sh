# Builds the server (Meson, in build/) and the pages (Vite, in ui/dist). Repeated calls do only what changed.
# Sourced by ./do and by suites.

# Vite needs Node 20.19 or newer; Debian 12's is 18. tools/node brings one from the npm registry for that case.
node_is_new_enough() {
    node -e 'const [a, b] = process.versions.node.split(".").map(Number);
             process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}

use_node() {
    node_is_new_enough && return
    install_modules tools/node
    local bin
    bin=$(ls -d "$PWD"/tools/node/node_modules/node-linux-*/bin 2>/dev/null || true)
    if [ -z "$bin" ]; then # npm passes over an optional package that it could not fetch
        rm -rf tools/node/node_modules
        die "the npm registry gave no Node; see npm's log, or install Node 20.19 or newer yourself"
    fi
    export PATH="$bin:$PATH"
    node_is_new_enough || die "no Node of at least 20.19 is to be had; install one and call again"
}

# npm ci in folder $1, when its lock file changed since the last time.
install_modules() {
    local stamp=$1/node_modules/.kedun-stamp now
    now=$(cat "$1/package.json" "$1/package-lock.json" | sha256sum)
    [ "$(cat "$stamp" 2>/dev/null)" = "$now" ] && return
    (cd "$1" && npm ci --no-audit --no-fund --loglevel=error)
    echo "$now" >"$stamp"
}

build_ui() {
    [ -f ui/package.json ] || return 0
    use_node
    install_modules ui
    local stamp=ui/dist/.kedun-stamp
    if [ -f "$stamp" ] && [ -z "$(find ui objects -name node_modules -prune -o -path ui/dist -prune -o \
        -type f -newer "$stamp" -print -quit 2>/dev/null)" ]; then
        return
    fi
    (cd ui && npm run --silent build)
    touch "$stamp"
}

# Everything, or these targets only: who wants to run Kedun need not wait for its tests.
build_server() {
    [ -f build/build.ninja ] || meson setup build >/dev/null
    ninja -C build --quiet -j "$(jobs_count)" "$@"
}

build_all() {
    build_server "$@"
    build_ui
}

# Copies what the roles read at run time to $1, with a kedun.conf that names the copies.
install_share() {
    mkdir -p "$1"
    local d
    for d in objects policies templates; do
        rm -rf "${1:?}/$d"
        [ ! -d "$d" ] || cp -r "$d" "$1/$d"
    done
    rm -rf "$1/ui"
    [ ! -d ui/dist ] || cp -r ui/dist "$1/ui"
    chmod -R a+rX "$1"
    printf '%s\n' "ui_dir = $1/ui" "objects_dir = $1/objects" "policies_dir = $1/policies" \
        "templates_dir = $1/templates" >"$1/kedun.conf"
}
