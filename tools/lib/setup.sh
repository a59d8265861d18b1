# Installs Debian packages by name, only those that are missing. Sourced by ./do.

# To build and run.
PACKAGES_RUN="gcc libc6-dev meson ninja-build pkg-config libssl-dev libargon2-dev libsqlite3-dev libjansson-dev
libcurl4-openssl-dev libldap-dev libicu-dev libseccomp-dev nginx-light openssl sqlite3 unicode-data bzip2 ca-certificates"
# To test, check, measure and fuzz as well.
PACKAGES_MORE="clang clang-format clang-tidy libclang-rt-14-dev llvm cppcheck universal-ctags ccache libcmocka-dev
slapd ldap-utils chromium fonts-noto-cjk curl wrk strace procps git"

missing_packages() {
    local p
    for p in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || echo "$p"
    done
}

install_packages() {
    local nginx_is_new=0
    case " $* " in *" nginx-light "*) [ -x /usr/sbin/nginx ] || nginx_is_new=1 ;; esac
    say "installing: $*"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
    # Kedun starts an nginx of its own; the service that the package starts would only hold port 80 open.
    if [ "$nginx_is_new" = 1 ] && [ -d /run/systemd/system ]; then
        as_root systemctl disable --now nginx
    fi
}

# setup_packages run | all
setup_packages() {
    local want=$PACKAGES_RUN missing
    [ "$1" = run ] || want="$want $PACKAGES_MORE"
    command -v node >/dev/null || want="$want nodejs"
    command -v npm >/dev/null || want="$want npm"
    # shellcheck disable=SC2086
    mapfile -t missing < <(missing_packages $want)
    [ ${#missing[@]} = 0 ] || install_packages "${missing[@]}"
}
