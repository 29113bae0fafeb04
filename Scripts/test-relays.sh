#!/usr/bin/env bash
# Fetches Postfix, Exim and OpenSMTPD for the tests of mail: unpacks Debian's packages below .build
# into one folder, which the tests use as the root of a chroot. Installs nothing, because the
# packages exclude each other and would replace the machine's own relay. Prints the folder, for
# BELLWETHER_TEST_RELAYS; prints nothing where the packages cannot be had, and the tests are
# skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=$PWD/.build/test-relays
if [ -e "$folder/complete" ]; then
    echo "$folder"
    exit 0
fi
if ! grep -qsx 'ID=debian' /etc/os-release || ! command -v dpkg-deb >/dev/null; then
    exit 0
fi

skip() {
    echo "test: $*, the tests of mail relays are skipped" >&2
    exit 0
}

if [ "$(id -u)" -ne 0 ]; then skip "relays need root"; fi

# With the libraries that a small system lacks, as Debian 12 and 13 call them.
case $(sed -n 's/^VERSION_ID="\(.*\)"/\1/p' /etc/os-release) in
    12) libraries=(libdb5.3 libevent-2.1-7 libgnutls-dane0 libicu72) ;;
    *) libraries=(libdb5.3t64 libevent-2.1-7t64 libgnutls-dane0t64 libicu76) ;;
esac
libraries+=(libidn12 libnsl2 libsasl2-2 libunbound8)
packages=$(mktemp -d)
trap 'rm -rf "$packages"' EXIT
if ! (cd "$packages" && apt-get download postfix exim4-base exim4-daemon-light opensmtpd \
    "${libraries[@]}" >/dev/null 2>&1); then
    skip "Postfix, Exim and OpenSMTPD cannot be had"
fi
rm -rf "$folder"
mkdir -p "$folder"
for package in "$packages"/*.deb; do dpkg-deb --extract "$package" "$folder" >&2; done

# Their other libraries and the loader are the machine's. In a chroot they need a copy.
triplet=$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || gcc -print-multiarch)
own=$folder/usr/lib/$triplet:$folder/lib/$triplet:$folder/usr/lib/postfix
for program in "$folder"/usr/sbin/{postfix,exim4,smtpd,smtpctl} "$folder"/usr/lib/postfix/sbin/*; do
    # Some are scripts, which the tests do not use.
    used=$(LD_LIBRARY_PATH=$own ldd "$program" 2>/dev/null) || continue
    case $used in *"not found"*) skip "${program##*/} lacks a library" ;; esac
    printf '%s\n' "$used" | sed -n 's|^[^/]*\(/[^ ]*\) (0x.*|\1|p'
done | sort -u | { grep -v "^$folder" || true; } | while read -r library; do
    mkdir -p "$folder${library%/*}"
    cp -L "$library" "$folder$library"
done

# What the relays look for in a system: their users, a null device, places for queues.
mkdir -p "$folder"/{dev,etc,tmp,run,var/lib/opensmtpd/empty}
ln -sfn ../run "$folder/var/run"
mknod -m 666 "$folder/dev/null" c 1 3 || skip "devices cannot be made"
mknod -m 666 "$folder/dev/urandom" c 1 9 || skip "devices cannot be made"
printf '%s\n' 'root:x:0:0::/root:/bin/sh' 'nobody:x:65534:65534::/:/bin/false' \
    'postfix:x:30001:30001::/:/bin/false' 'Debian-exim:x:30002:30002::/:/bin/false' \
    'opensmtpd:x:30003:30003::/var/lib/opensmtpd/empty:/bin/false' \
    'opensmtpq:x:30004:30004::/var/lib/opensmtpd/empty:/bin/false' >"$folder/etc/passwd"
printf '%s\n' 'root:x:0:' 'nogroup:x:65534:' 'postfix:x:30001:' 'postdrop:x:30005:' \
    'Debian-exim:x:30002:' 'opensmtpd:x:30003:' 'opensmtpq:x:30004:' >"$folder/etc/group"
printf '127.0.0.1 localhost relay.example\n' >"$folder/etc/hosts"
printf 'hosts: files\npasswd: files\ngroup: files\n' >"$folder/etc/nsswitch.conf"
chmod 1777 "$folder/tmp"
touch "$folder/complete"
echo "$folder"
