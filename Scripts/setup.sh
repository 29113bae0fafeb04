#!/usr/bin/env bash
# Prepares a machine that has Swift and git for building bellwether; with
# --tests, also for testing it. Installs missing packages, reports what it cannot
# install, and never prompts. Called by run.sh and test.sh; safe to repeat.
set -euo pipefail

tests=false
if [ "${1:-}" = --tests ]; then tests=true; fi

say() { printf 'setup: %s\n' "$*" >&2; }

fail() {
    say "$*"
    exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# --- Swift ------------------------------------------------------------------

has swift || fail "swift is missing: install Swift 6.3 from https://www.swift.org/install"
has git || fail "git is missing: install it, the build fetches packages with it"
version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p' | head -n 1)
case $version in
    [0-5].* | 6.[0-2] | '') fail "Swift 6.3 or later is needed, this is '${version:-unknown}': https://www.swift.org/install" ;;
esac

# --- Missing packages ----------------------------------------------------------

missing=()

# lacks PACKAGE COMMAND...: adds the package to `missing` if the command fails.
lacks() {
    local package=$1
    shift
    if ! "$@" >/dev/null 2>&1; then missing+=("$package"); fi
}

python_has_venv() { python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))'; }

find_missing_for_apt() {
    missing=()
    lacks pkg-config has pkg-config
    # Without pkg-config the others count as missing; apt-get skips those that
    # are installed.
    lacks libcurl4-openssl-dev pkg-config --exists libcurl
    lacks libsqlite3-dev pkg-config --exists sqlite3
    lacks zlib1g-dev pkg-config --exists zlib
    lacks libdeflate-dev pkg-config --exists libdeflate
    lacks libexpat1-dev pkg-config --exists expat
    lacks libssl-dev pkg-config --exists 'libcrypto >= 3'
    # Time zones of mute times.
    lacks tzdata test -e /usr/share/zoneinfo/Europe/Berlin
    if $tests; then
        lacks python3 has python3
        lacks python3-venv python_has_venv
        lacks openssl has openssl
        lacks systemd has systemd-analyze
        lacks man-db has man
        lacks curl has curl
        lacks prometheus-alertmanager has prometheus-alertmanager
        # Not on a user's PATH in Debian.
        lacks haproxy test -x /usr/sbin/haproxy -o -x /usr/bin/haproxy
        lacks prometheus has promtool
        # Ubuntu has Chromium as a snap only; the tests that need it are skipped there.
        if grep -qsx 'ID=debian' /etc/os-release; then
            lacks chromium has chromium
            lacks chromium-driver has chromedriver
        fi
    fi
}

find_missing_for_brew() {
    missing=()
    for formula in curl sqlite zlib libdeflate expat openssl@3 pkgconf; do
        lacks "$formula" test -d "$(brew --prefix "$formula" 2>/dev/null)"
    done
    if $tests; then
        lacks python python_has_venv
        lacks openssl has openssl
        lacks prometheus has promtool
        lacks chromedriver has chromedriver
        lacks haproxy has haproxy
        lacks alertmanager has alertmanager
    fi
}

# --- macOS: Homebrew belongs to the user, so only print the command ------------

if [ "$(uname -s)" = Darwin ]; then
    has brew || fail "Homebrew is missing: see https://brew.sh, then run: brew install curl sqlite zlib libdeflate expat openssl@3 pkgconf"
    find_missing_for_brew
    if [ "${#missing[@]}" -gt 0 ]; then fail "missing packages, run: brew install ${missing[*]}"; fi
    exit 0
fi

# --- Debian and Ubuntu ---------------------------------------------------------

find_missing_for_apt
if [ "${#missing[@]}" -eq 0 ]; then exit 0; fi
has apt-get || fail "missing packages, and no apt-get to install them: ${missing[*]} (names may differ on your system)"

root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! has sudo || ! sudo -n true 2>/dev/null; then
        fail "missing packages, and no permission to install them; run as root: apt-get install -y ${missing[*]}"
    fi
    root=(sudo -n)
fi

apt() {
    # ${root[@]+…}: an empty array is unset to bash before 4.4.
    ${root[@]+"${root[@]}"} env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -o DPkg::Lock::Timeout=300 "$@" </dev/null >&2
}

# The tests start the servers among the packages themselves. This file keeps
# Debian's packages from starting them.
policy=/usr/sbin/policy-rc.d
if $tests && [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | ${root[@]+"${root[@]}"} tee $policy >/dev/null
    ${root[@]+"${root[@]}"} chmod 0755 $policy
    trap '${root[@]+"${root[@]}"} rm -f $policy' EXIT
fi

say "installing ${missing[*]}"
# A new container has no package lists, and an old machine has outdated ones.
if ! apt install -y --no-install-recommends "${missing[@]}"; then
    apt update || fail "apt-get update failed, see above"
    apt install -y --no-install-recommends "${missing[@]}" ||
        fail "apt-get could not install ${missing[*]}, see above"
fi

find_missing_for_apt
if [ "${#missing[@]}" -gt 0 ]; then fail "still missing after the installation: ${missing[*]}"; fi
