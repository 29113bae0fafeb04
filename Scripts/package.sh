#!/usr/bin/env bash
# Makes the packages of a release for this machine's architecture, in dist/:
#
#   bellwether-VERSION-linux-ARCH.tar.gz   executable, manual page, completions, units, templates,
#                                          configuration, licences, SBOM, and install.sh
#   bellwether_VERSION-1_ARCH.deb          for Debian 12 and later
#   SHA256SUMS
#
# The same executable and commit give the same bytes: times are the commit's, names are sorted, owners are
# root. For the same executable, build in the same folder with the same compiler and packages: the
# compiler writes the paths of some sources into it. Shared libraries are this machine's: build on the
# oldest system that is supported.
#
# DIST names another folder, MAINTAINER the maintainer in the Debian package.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$top"
dist=${DIST:-$top/dist}
maintainer=${MAINTAINER:-Bellwether <packages@bellwether.invalid>}

if [ "$(uname -s)" != Linux ]; then
    echo "package: makes packages for Linux only; on a Mac use Config/homebrew or Scripts/install.sh" >&2
    exit 69
fi
for tool in dpkg-deb dpkg-shlibdeps python3 readelf strip; do
    command -v $tool >/dev/null || {
        echo "package: $tool is missing: apt-get install dpkg-dev binutils python3" >&2
        exit 69
    }
done

version=$(sed -n 's/.*static let text = "\(.*\)"/\1/p' Sources/App/Version.swift)
built=$(Scripts/build.sh)
Scripts/linked.sh "$built"
commit=$("$built" --version | sed -n 's/^commit: //p')
swift=$("$built" --version | sed -n 's/^swift: //p')
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
export LC_ALL=C TZ=UTC
umask 022

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
strip -o "$work/bellwether" "$built"
python3 Scripts/sbom.py "$version" "$commit" "$swift" "$SOURCE_DATE_EPOCH" "$(dirname "$built")" "$work/sbom"
mkdir -p "$dist"

# --- The archive --------------------------------------------------------------------------------------

name=bellwether-$version-linux-$(uname -m)
tree=$work/$name
mkdir -p "$tree/Scripts" "$tree/Config"
install -m 0755 "$work/bellwether" "$tree/bellwether"
install -m 0755 Scripts/install.sh Scripts/linked.sh "$tree/Scripts/"
for part in completions grafana helm kubernetes man prometheus systemd; do
    if [ -d "Config/$part" ]; then cp -RL "Config/$part" "$tree/Config/"; fi
done
cp Config/*.yaml "$tree/Config/"
cp -R templates "$tree/"
cp LICENSE CHANGELOG.md "$work/sbom/NOTICE" "$work/sbom/sbom.spdx.json" "$tree/"
find "$tree" -type d -exec chmod 0755 {} +
find "$tree" -type f ! -perm -0100 -exec chmod 0644 {} +
tar --create --directory "$work" --sort=name --format=posix \
    --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime \
    --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner "$name" |
    gzip -n -9 >"$dist/$name.tar.gz"

# --- The Debian package ---------------------------------------------------------------------------------

architecture=$(dpkg --print-architecture)
root=$work/root
DESTDIR=$root PREFIX=/usr BINARY=$work/bellwether Scripts/install.sh 2>/dev/null
gzip -n -9 "$root/usr/share/man/man8/bellwether.8"
documents=$root/usr/share/doc/bellwether
mkdir -p "$documents" "$root/DEBIAN"
cp "$work/sbom/sbom.spdx.json" "$documents/"
{
    cat "$work/sbom/NOTICE"
    printf "\nOn Debian systems, the Apache License is in /usr/share/common-licenses/Apache-2.0.\n"
} >"$documents/copyright"
gzip -n -9 -c CHANGELOG.md >"$documents/changelog.gz"
cp -R Config/grafana Config/prometheus "$root/usr/share/bellwether/"

# The libraries that the executable needs, with the versions that their packages require.
mkdir -p "$work/source/debian"
printf 'Source: bellwether\n\nPackage: bellwether\nArchitecture: any\n' >"$work/source/debian/control"
depends=$(cd "$work/source" && dpkg-shlibdeps -O -e"$root/usr/bin/bellwether" 2>"$work/shlibdeps.log" |
    sed -n 's/^shlibs:Depends=//p')
if [ -z "$depends" ]; then
    cat "$work/shlibdeps.log" >&2
    exit 1
fi
cat >"$root/DEBIAN/control" <<EOF
Package: bellwether
Version: $version-1
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du -k --apparent-size -s "$root" | cut -f 1)
Depends: $depends, adduser, ca-certificates, tzdata
Section: admin
Priority: optional
Description: one verdict per canary measurement, one digest per failure
 Bellwether answers the web measurements of Argo Rollouts during a canary with
 one verdict, keeps every verdict in an event log of bounded size, and sends
 one digest per failure to Slack, mail and webhooks.
EOF
echo /etc/bellwether/bellwether.yaml >"$root/DEBIAN/conffiles"
for script in postinst prerm postrm; do
    install -m 0755 "Config/debian/$script" "$root/DEBIAN/$script"
done
(cd "$root" && find . -path ./DEBIAN -prune -o -path ./etc -prune -o -type f -printf '%P\n' | sort | xargs -d '\n' md5sum) >"$root/DEBIAN/md5sums"
find "$root" -type d -exec chmod 0755 {} +
find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
# Several threads would cut the archive into blocks, and other bytes.
dpkg-deb --root-owner-group -Zxz --threads-max=1 -b "$root" "$dist/bellwether_$version-1_$architecture.deb" >/dev/null

# --- Checksums -----------------------------------------------------------------------------------------------

cd "$dist"
sha256sum -- *.tar.gz *.deb >SHA256SUMS
ls -l "$dist" >&2
