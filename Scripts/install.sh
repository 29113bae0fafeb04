#!/usr/bin/env bash
# Installs bellwether: executable, manual page, completions, templates, an
# initial configuration, and the unit and user of this system's service manager.
# Works from a clone and from an unpacked release.
#
#   Scripts/install.sh               as root; below /usr/local, on a Mac below
#                                    Homebrew's prefix
#   PREFIX=~/.local Scripts/install.sh
#   DESTDIR=/tmp/package Scripts/install.sh    the contents of a package
#   Scripts/install.sh --uninstall   removes everything except configuration,
#                                    data and user
#
# BINARY names the executable; by default that of the release, or in a clone the
# one that Scripts/build.sh builds. An existing configuration is kept.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
system=$(uname -s)
prefix=${PREFIX:-}
if [ -z "$prefix" ]; then
    prefix=/usr/local
    # /opt/homebrew on Apple silicon, /usr/local on Intel.
    if [ "$system" = Darwin ]; then prefix=$(brew --prefix 2>/dev/null || echo /usr/local); fi
fi
dest=${DESTDIR:-}
case $prefix in
    /*) ;;
    *)
        echo "install: PREFIX must be an absolute path, not '$prefix'" >&2
        exit 64
        ;;
esac

etc=/etc/bellwether
state=/var/lib/bellwether
if [ "$system" = Darwin ]; then
    etc=$prefix/etc/bellwether
    state=$prefix/var/bellwether
elif [ "$prefix" != /usr/local ] && [ "$prefix" != /usr ]; then
    etc=$prefix/etc/bellwether
    state=$prefix/var/lib/bellwether
fi

bin=$dest$prefix/bin/bellwether
share=$dest$prefix/share
man=$share/man/man8/bellwether.8
bash_completion=$share/bash-completion/completions/bellwether
zsh_completion=$share/zsh/site-functions/_bellwether
fish_completion=$share/fish/vendor_completions.d/bellwether.fish
templates=$share/bellwether
config=$dest$etc/bellwether.yaml
# Of the whole system, or only kept as examples in another prefix.
units=$dest/etc/systemd/system
users=$dest/etc/sysusers.d
if [ "$etc" != /etc/bellwether ]; then
    units=$share/bellwether/systemd
    users=$units
elif [ "$prefix" = /usr ]; then
    # The places of a distribution's package.
    units=$dest/lib/systemd/system
    users=$dest/usr/lib/sysusers.d
    zsh_completion=$share/zsh/vendor-completions/_bellwether
fi
plist=$dest/Library/LaunchDaemons/io.bellwether.bellwether.plist

case "${1:-}" in
    '') ;;
    --uninstall)
        rm -f "$bin" "$man" "$bash_completion" "$zsh_completion" "$fish_completion"
        if [ "$system" = Darwin ]; then
            rm -f "$plist"
        else
            rm -f "$units/bellwether.service" "$units/bellwether@.service" "$users/bellwether.conf"
        fi
        rm -rf "$templates"
        echo "install: removed; $dest$etc and $dest$state are kept" >&2
        exit 0
        ;;
    *)
        echo "install: unknown argument '$1'; see the top of this script" >&2
        exit 64
        ;;
esac

binary=${BINARY:-}
if [ -z "$binary" ] && [ -x "$top/bellwether" ]; then
    binary=$top/bellwether
elif [ -z "$binary" ]; then
    "$top/Scripts/setup.sh"
    binary=$("$top/Scripts/build.sh")
fi
if [ ! -x "$binary" ]; then
    echo "install: $binary is not an executable; build it or set BINARY" >&2
    exit 66
fi
"$top/Scripts/linked.sh" "$binary"
# Without one of its libraries it would not start. What a package is made from need not run here.
if [ -z "$dest" ] && command -v ldd >/dev/null; then
    missing=$(LC_ALL=C ldd "$binary" 2>/dev/null | awk '/=> not found/ { print $1 }' || true)
    if [ -n "$missing" ]; then
        echo "install: this machine lacks ${missing//$'\n'/ }; on Debian and Ubuntu:" >&2
        echo "  sudo apt-get install libcurl4 libssl3 libsqlite3-0 zlib1g libdeflate0 libexpat1 libstdc++6" >&2
        exit 69
    fi
fi

# put MODE FROM TO: replaces TO by renaming, so that a running executable keeps
# its old file.
put() {
    mkdir -p "$(dirname "$3")"
    cp "$2" "$3.new"
    chmod "$1" "$3.new"
    mv -f "$3.new" "$3"
}

put 0755 "$binary" "$bin"
put 0644 "$top/Config/man/bellwether.8" "$man"
put 0644 "$top/Config/completions/bellwether.bash" "$bash_completion"
put 0644 "$top/Config/completions/_bellwether" "$zsh_completion"
put 0644 "$top/Config/completions/bellwether.fish" "$fish_completion"
(cd "$top/templates" && find . -type f) | while read -r file; do
    put 0644 "$top/templates/$file" "$templates/templates/$file"
done

# rewritten FROM TO ETC: copies a unit, in which ETC is the folder of the configuration, with the paths of
# this installation.
rewritten() {
    mkdir -p "$(dirname "$2")"
    sed -e "s|/usr/local/bin/|$prefix/bin/|g" -e "s|/usr/local/var/|$prefix/var/|g" -e "s|$3/|$etc/|g" \
        "$1" >"$2.new"
    chmod 0644 "$2.new"
    mv -f "$2.new" "$2"
}

if [ "$system" = Darwin ]; then
    rewritten "$top/Config/launchd/io.bellwether.bellwether.plist" "$plist" /usr/local/etc/bellwether
    # An executable that was stripped or changed after it was linked has no valid signature, and
    # Apple silicon does not start it. This signature identifies nobody.
    codesign --verify "$bin" 2>/dev/null || codesign --force --sign - "$bin"
else
    rewritten "$top/Config/systemd/bellwether.service" "$units/bellwether.service" /etc/bellwether
    rewritten "$top/Config/systemd/bellwether@.service" "$units/bellwether@.service" /etc/bellwether
    put 0644 "$top/Config/systemd/bellwether.conf" "$users/bellwether.conf"
fi

if [ -e "$config" ]; then
    echo "install: kept $config" >&2
else
    mkdir -p "$dest$etc"
    sed "s|^data_dir: .*|data_dir: $state|" "$top/Config/bellwether.yaml" >"$config.new"
    chmod 0644 "$config.new"
    mv "$config.new" "$config"
fi
# On Linux the unit's StateDirectory creates the data folder; elsewhere this
# script does.
if [ "$etc" != /etc/bellwether ]; then
    mkdir -p "$dest$state"
    chmod 0700 "$dest$state"
fi
echo "install: $bin, configuration $config" >&2

# A package has scripts of its own for what follows.
if [ -n "$dest" ]; then exit 0; fi
check="$bin check --config $config"
start="$bin serve --config $config"
if [ "$system" = Darwin ] && [ "$(id -u)" -eq 0 ]; then
    # The user of the plist.
    mkdir -p "$prefix/var/log"
    touch "$prefix/var/log/bellwether.log"
    chown daemon "$state" "$prefix/var/log/bellwether.log"
    start="sudo launchctl bootstrap system $plist"
elif [ "$etc" = /etc/bellwether ] && [ -d /run/systemd/system ]; then
    systemd-sysusers "$users/bellwether.conf"
    systemctl daemon-reload
    start="sudo systemctl enable --now bellwether"
fi
echo "install: next, after editing the configuration:" >&2
echo "  $check" >&2
echo "  $start" >&2
