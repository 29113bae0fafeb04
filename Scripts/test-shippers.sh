#!/usr/bin/env bash
# Fetches syslog-ng and rsyslog for the tests of log shippers, and kubectl for those of patches: unpacks
# Debian's packages below .build, and installs nothing, because each shipper would replace the
# machine's own system log. Prints the folder, for BELLWETHER_TEST_SHIPPERS; prints nothing where the
# packages cannot be had, and the tests are skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=$PWD/.build/test-shippers
if [ -x "$folder/usr/sbin/syslog-ng" ] && [ -x "$folder/usr/sbin/rsyslogd" ] &&
    [ -x "$folder/usr/bin/kubectl" ]; then
    echo "$folder"
    exit 0
fi
if ! grep -qsx 'ID=debian' /etc/os-release || ! command -v dpkg-deb >/dev/null; then
    exit 0
fi
packages=$(mktemp -d)
trap 'rm -rf "$packages"' EXIT
cd "$packages"
# With the libraries that a small system lacks.
if ! apt-get download syslog-ng-core syslog-ng-mod-http libivykis0 libnet1 libpcre3 libwrap0 \
    rsyslog libestr0 libfastjson4 kubernetes-client >/dev/null 2>&1; then
    echo "test: syslog-ng, rsyslog and kubectl cannot be had, their tests are skipped" >&2
    exit 0
fi
mkdir -p "$folder"
for package in *.deb; do dpkg-deb --extract "$package" "$folder" >&2; done
echo "$folder"
