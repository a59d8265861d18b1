# Installs Debian packages by name, only those that are missing. Sourced by ./do.

# To build and run.
PACKAGES_RUN="gcc libc6-dev meson ninja-build pkg-config libssl-dev libargon2-dev libsqlite3-dev libjansson-dev
libcurl4-openssl-dev libldap-dev libicu-dev libseccomp-dev nginx-light openssl sqlite3 unicode-data bzip2 ca-certificates"
# To test, check, measure and fuzz as well.
PACKAGES_MORE="clang clang-format clang-tidy libclang-rt-14-dev llvm cppcheck universal-ctags ccache libcmocka-dev
slapd ldap-utils samba samba-ad-provision samba-dsdb-modules chromium fonts-noto-cjk curl wrk strace procps nftables iproute2 git"

missing_packages() {
    local p
    for p in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || echo "$p"
    done
}

install_packages() {
    local fresh=()
    case " $* " in *" nginx-light "*) [ -x /usr/sbin/nginx ] || fresh+=(nginx) ;; esac
    case " $* " in *" slapd "*) [ -x /usr/sbin/slapd ] || fresh+=(slapd) ;; esac
    case " $* " in *" samba "*) [ -x /usr/sbin/samba ] || fresh+=(smbd nmbd) ;; esac
    say "installing: $*"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
    # Kedun and its tests start their own; the services that the packages start would only hold ports 80, 389 and 445 open.
    if [ ${#fresh[@]} -gt 0 ] && [ -d /run/systemd/system ]; then
        as_root systemctl disable --now "${fresh[@]}"
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
