#!/usr/bin/env bash
# Tests the Debian package on a bare Debian 12: installs it, starts the node, waits for the first
# digest, makes the image's root from it and starts a node there, upgrades from an earlier version,
# removes and purges.
#
#   Scripts/test-package.sh [PACKAGE.deb]      as root; by default the one in dist/
#
# The system is made by debootstrap in .build/debian12 and kept; each run works on a copy. Packages
# come from the network. Nothing outside that folder changes. The node runs with a loopback interface
# of its own. There is no service manager in the copy: the node is started as the unit starts it.
set -euo pipefail

# In new namespaces already:
#   --enter ROOT COMMAND...   mounts, and runs the command in the root
#   --image ROOT              mounts, and runs a node as a container engine runs the image: nothing but the
#                             volume can be written to, the user is the image's, without new privileges
if [ "${1:-}" = --enter ] || [ "${1:-}" = --image ]; then
    mode=$1
    root=$2
    shift 2
    mount --make-rprivate /
    if [ "$mode" = --image ]; then mount --bind "$root" "$root"; fi
    mount -t proc proc "$root/proc"
    mount -t tmpfs tmpfs "$root/dev"
    for device in null zero full random urandom tty; do
        touch "$root/dev/$device"
        mount --bind "/dev/$device" "$root/dev/$device"
    done
    mkdir -p "$root/dev/shm" "$root/dev/pts"
    ln -s /proc/self/fd "$root/dev/fd"
    ip link set lo up 2>/dev/null || true
    if [ "$mode" = --image ]; then
        mount -t tmpfs -o mode=0700,uid=65532,gid=65532 tmpfs "$root/var/lib/bellwether"
        mount -o remount,bind,ro "$root"
        # As the Dockerfile says; the image has no shell for a script of its own.
        export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
        run=(setpriv --no-new-privs chroot --userspec=65532:65532 --groups=65532 "$root" /usr/bin/bellwether)
        config=(--config /etc/bellwether/bellwether.yaml)
        "${run[@]}" serve "${config[@]}" &
        node=$!
        tries=0
        until "${run[@]}" health "${config[@]}"; do
            tries=$((tries + 1))
            [ $tries -lt 100 ] || exit 1
            sleep 0.1
        done
        "${run[@]}" demo "${config[@]}"
        kill -TERM $node
        wait $node
        exit
    fi
    exec chroot "$root" "$@"
fi

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf 'test-package: %s\n' "$*" >&2; }

fail() {
    say "FAILED: $*"
    exit 1
}

[ "$(id -u)" -eq 0 ] || fail "needs root, for debootstrap and chroot"
for tool in debootstrap dpkg-deb readelf unshare; do
    command -v "$tool" >/dev/null || fail "$tool is missing: apt-get install binutils debootstrap dpkg util-linux"
done

architecture=$(dpkg --print-architecture)
if [ $# -gt 0 ]; then
    package=$1
else
    packages=("$top"/dist/bellwether_*_"$architecture".deb)
    package=${packages[-1]}
fi
[ -f "$package" ] || fail "$package does not exist: run Scripts/package.sh"

# --- The bare system ------------------------------------------------------------------------------

base=$top/.build/debian12
if [ ! -e "$base/complete" ]; then
    rm -rf "$base"
    mkdir -p "$base"
    say "making a bare Debian 12 in $base"
    debootstrap --variant=minbase bookworm "$base/root" >"$base/debootstrap.log" 2>&1 ||
        fail "debootstrap, see $base/debootstrap.log"
    touch "$base/complete"
fi
copy=$base/copy
rm -rf "$copy"
cp -a "$base/root" "$copy"

# inside COMMAND...: runs a command in the copy, with its own mounts. `alone` cuts the network off.
inside() { unshare --mount --pid --fork --kill-child "$top/Scripts/test-package.sh" --enter "$copy" "$@"; }
alone() { unshare --mount --pid --fork --kill-child --net "$top/Scripts/test-package.sh" --enter "$copy" "$@"; }
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

# An earlier version: the same package with a lower number, an older unit and configuration.
earlier=$copy/tmp/earlier.deb
unpacked=$(mktemp -d)
trap 'rm -rf "$unpacked"' EXIT
dpkg-deb -R "$package" "$unpacked/old"
version=$(dpkg-deb -f "$package" Version)
sed -i 's/^Version: .*/Version: 0.0.1-1/' "$unpacked/old/DEBIAN/control"
sed -i 's/^  log_level: info/  log_level: notice/' "$unpacked/old/etc/bellwether/bellwether.yaml"
dpkg-deb --root-owner-group -Zgzip -b "$unpacked/old" "$earlier" >/dev/null
cp "$package" "$copy/tmp/package.deb"

# Beside libc and the compiler's runtime, the executable loads only what docs/install.md names.
executable=$unpacked/old/usr/bin/bellwether
needed=$(readelf -d "$executable" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
[ -n "$needed" ] || fail "readelf names no library"
for library in $needed; do
    case $library in
        libc.so.* | libm.so.* | libgcc_s.so.* | ld-linux-*) continue ;;
    esac
    grep -qF "\`$library\`" "$top/docs/install.md" || fail "docs/install.md does not name $library"
done
say "the executable has $(stat -c %s "$executable") bytes, the package $(stat -c %s "$package")"

# --- Install and first digest -----------------------------------------------------------------------

say "installing $version"
inside apt-get -q update >"$base/apt.log" 2>&1 || fail "apt-get update, see $base/apt.log"
# What the package depends on is fetched before the clock starts.
inside apt-get -q install -y --no-install-recommends --download-only /tmp/package.deb >>"$base/apt.log" 2>&1 ||
    fail "its dependencies cannot be fetched, see $base/apt.log"
started=$(date +%s%N)
inside apt-get -q install -y --no-install-recommends /tmp/package.deb >>"$base/apt.log" 2>&1 ||
    fail "the installation, see $base/apt.log"

cat >"$copy/tmp/first-digest.sh" <<'EOF'
set -eu
# As the unit: this user, this folder, this command.
cd /var/lib/bellwether
setpriv --reuid bellwether --regid bellwether --clear-groups --no-new-privs \
    sh -c 'umask 0077; exec /usr/bin/bellwether serve --config /etc/bellwether/bellwether.yaml' \
    >/tmp/node.log 2>&1 &
node=$!
tries=0
until bellwether health --config /etc/bellwether/bellwether.yaml >/tmp/health.log 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || { cat /tmp/node.log /tmp/health.log >&2; exit 1; }
    sleep 0.1
done
if [ "${1:-}" = demo ]; then
    # As README says: from any folder.
    (cd / && bellwether demo)
fi
bellwether digest list --config /etc/bellwether/bellwether.yaml >/tmp/digests
kill -TERM $node
wait $node
EOF
alone sh /tmp/first-digest.sh demo >"$base/demo.log" 2>&1 || fail "the first digest, see $base/demo.log"
grep -q payments-api "$copy/tmp/digests" || fail "no digest is listed"
say "from the package to the first digest: $((($(date +%s%N) - started) / 1000000)) ms"

# --- What is installed --------------------------------------------------------------------------------

inside bellwether --version >"$copy/tmp/version"
grep -qx "bellwether ${version%-*}" "$copy/tmp/version" || fail "--version says $(cat "$copy/tmp/version")"
inside bellwether check --config /etc/bellwether/bellwether.yaml >/dev/null 2>&1 || fail "check"
for file in /lib/systemd/system/bellwether.service /lib/systemd/system/bellwether@.service \
    /usr/lib/sysusers.d/bellwether.conf /usr/share/bash-completion/completions/bellwether \
    /usr/share/zsh/vendor-completions/_bellwether /usr/share/fish/vendor_completions.d/bellwether.fish \
    /usr/share/bellwether/templates/text.mustache; do
    [ -s "$copy$file" ] || fail "$file is missing"
done
[ "$(inside stat -c '%U:%G %a' /var/lib/bellwether)" = 'bellwether:bellwether 700' ] ||
    fail "/var/lib/bellwether is not the user's alone"
inside dpkg --verify bellwether | grep . && fail "files differ from the package"
[ -L "$copy/etc/systemd/system/multi-user.target.wants/bellwether.service" ] ||
    fail "the service is not enabled"

# --- The image ---------------------------------------------------------------------------------------------

# As the Dockerfile makes it, without a container engine.
say "running a node in the image's root"
image=$base/image
rm -rf "$image"
cp "$top/Scripts/image-root.sh" "$copy/tmp/"
inside /tmp/image-root.sh /root-of-image >"$base/image.log" 2>&1 || fail "image-root.sh, see $base/image.log"
mv "$copy/root-of-image" "$image"
programs=$(find "$image" -type f -perm -0100 ! -name '*.so*' -printf '/%P\n')
[ "$programs" = /usr/bin/bellwether ] || fail "the image has other programs: $programs"
unshare --mount --pid --fork --kill-child --net "$top/Scripts/test-package.sh" --image "$image" \
    >"$base/image.log" 2>&1 || fail "the node in the image's root, see $base/image.log"
grep -q payments-api "$base/image.log" || fail "no digest in the image's root, see $base/image.log"
say "the image has $(du -sk --apparent-size "$image" | cut -f 1) KiB"
rm -rf "$image"

# --- Upgrade ---------------------------------------------------------------------------------------------

say "upgrading from 0.0.1"
inside dpkg --purge bellwether >>"$base/apt.log" 2>&1 || fail "purge, see $base/apt.log"
inside dpkg -i /tmp/earlier.deb >>"$base/apt.log" 2>&1 || fail "the earlier version, see $base/apt.log"
alone sh /tmp/first-digest.sh demo >"$base/demo.log" 2>&1 || fail "the earlier version's digest, see $base/demo.log"
sed -i 's/^node: ""/node: kept-by-me/' "$copy/etc/bellwether/bellwether.yaml"
inode=$(stat -c %i "$copy/var/lib/bellwether/state.sqlite")
inside dpkg --force-confdef --force-confold -i /tmp/package.deb >>"$base/apt.log" 2>&1 ||
    fail "the upgrade, see $base/apt.log"
grep -qx 'node: kept-by-me' "$copy/etc/bellwether/bellwether.yaml" || fail "the upgrade lost the configuration"
[ "$(stat -c %i "$copy/var/lib/bellwether/state.sqlite")" = "$inode" ] || fail "the upgrade lost the state"
alone sh /tmp/first-digest.sh >"$base/demo.log" 2>&1 || fail "the start after the upgrade, see $base/demo.log"
grep -q payments-api "$copy/tmp/digests" || fail "the digest of before the upgrade is gone"

# --- Remove and purge ------------------------------------------------------------------------------------------

say "removing and purging"
inside dpkg --remove bellwether >>"$base/apt.log" 2>&1 || fail "remove, see $base/apt.log"
[ ! -e "$copy/usr/bin/bellwether" ] || fail "remove left the executable"
grep -qx 'node: kept-by-me' "$copy/etc/bellwether/bellwether.yaml" || fail "remove lost the configuration"
[ -e "$copy/var/lib/bellwether/state.sqlite" ] || fail "remove lost the state"
inside dpkg --purge bellwether >>"$base/apt.log" 2>&1 || fail "purge, see $base/apt.log"
left=$(inside find / -xdev \( -path /proc -o -path /tmp -o -path /var/cache -o -path /var/log -o -path /var/lib/apt \) -prune \
    -o -name '*bellwether*' -print)
[ -z "$left" ] || fail "purge left $left"
if inside getent passwd bellwether >/dev/null; then fail "purge left the user"; fi
rm -rf "$copy"
say "passed; not covered here: a start by systemd itself"
