#!/usr/bin/env bash
# Installs bellwether: executable, manual page, completions, templates, an
# initial configuration and the unit of this system's service manager.
#
#   Scripts/install.sh               below /usr/local, as root
#   PREFIX=~/.local Scripts/install.sh
#   DESTDIR=/tmp/package Scripts/install.sh    the contents of a package
#   Scripts/install.sh --uninstall   removes everything except configuration
#                                    and data
#
# BINARY names the executable; by default the release build, which is built
# (with Swift's libraries linked statically) if it is missing. An existing
# configuration is kept.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
prefix=${PREFIX:-/usr/local}
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
if [ "$(uname -s)" = Darwin ]; then
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
units=$dest/etc/systemd/system
if [ "$etc" != /etc/bellwether ]; then units=$share/bellwether/systemd; fi
plist=$dest/Library/LaunchDaemons/io.bellwether.bellwether.plist

case "${1:-}" in
    '') ;;
    --uninstall)
        rm -f "$bin" "$man" "$bash_completion" "$zsh_completion" "$fish_completion"
        rm -f "$units/bellwether.service" "$units/bellwether@.service"
        if [ "$(uname -s)" = Darwin ]; then rm -f "$plist"; fi
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
if [ -z "$binary" ]; then
    binary=$top/.build/release/bellwether
    if [ ! -x "$binary" ]; then
        "$top/Scripts/setup.sh"
        swift build --package-path "$top" -c release --product bellwether --static-swift-stdlib </dev/null >&2
    fi
fi
if [ ! -x "$binary" ]; then
    echo "install: $binary is not an executable; build it or set BINARY" >&2
    exit 66
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

# rewritten FROM TO: copies a unit with the paths of this installation.
rewritten() {
    mkdir -p "$(dirname "$2")"
    sed -e "s|/usr/local/bin/|$prefix/bin/|g" -e "s|/etc/bellwether/|$etc/|g" \
        -e "s|/usr/local/etc/|$prefix/etc/|g" -e "s|/usr/local/var/|$prefix/var/|g" "$1" >"$2.new"
    chmod 0644 "$2.new"
    mv -f "$2.new" "$2"
}

if [ "$(uname -s)" = Darwin ]; then
    rewritten "$top/Config/launchd/io.bellwether.bellwether.plist" "$plist"
else
    rewritten "$top/Config/systemd/bellwether.service" "$units/bellwether.service"
    rewritten "$top/Config/systemd/bellwether@.service" "$units/bellwether@.service"
fi

if [ -e "$config" ]; then
    echo "install: kept $config" >&2
else
    mkdir -p "$dest$etc"
    sed "s|^data_dir: .*|data_dir: $state|" "$top/Config/bellwether.yaml" >"$config.new"
    chmod 0644 "$config.new"
    mv "$config.new" "$config"
fi
# On Debian the unit's StateDirectory creates the data folder; elsewhere this
# script does.
if [ "$etc" != /etc/bellwether ]; then
    mkdir -p "$dest$state"
    chmod 0700 "$dest$state"
fi
echo "install: $bin, configuration $config" >&2
