#!/usr/bin/env bash
# Collects what an installed bellwether needs to run, and nothing else, into a folder: the root of a
# container image without a shell or a package manager.
#
#   Scripts/image-root.sh ROOT
#
# Runs on the Debian system where the package is installed. Takes the executable, the shared libraries
# that it loads, certificate authorities, time zones, templates and licences, and the packages' entries
# of dpkg's database, by which scanners find what is in the image.
set -euo pipefail

root=$1
mkdir -p "$root"

files=(/usr/bin/bellwether)
mapfile -t libraries < <(ldd /usr/bin/bellwether | grep -o '/[^ ]*' | sort -u)
for library in "${libraries[@]}"; do
    # The link and what it names, at their own places below /usr.
    real=$(readlink -f "$library")
    files+=("$real")
    name=$(dirname "$real")/$(basename "$library")
    if [ "$name" != "$real" ]; then files+=("$name"); fi
done
# libcurl and libc load these by name.
for extra in /usr/lib/*/libnss_dns.so.2 /usr/lib/*/libnss_files.so.2 /usr/lib/*/libresolv.so.2; do
    if [ -e "$extra" ]; then files+=("$(readlink -f "$extra")"); fi
done
files+=(/etc/ssl/certs/ca-certificates.crt /usr/share/zoneinfo /usr/share/bellwether /usr/share/doc/bellwether)

mkdir -p "$root/usr/lib" "$root/usr/lib64" "$root/etc" "$root/var/lib/dpkg/status.d"
for file in "${files[@]}"; do
    mkdir -p "$root$(dirname "$file")"
    cp -a "$file" "$root$(dirname "$file")/"
done
# As in Debian: the loader's path is in /lib64 or /lib.
for folder in lib lib64; do
    if [ -L "/$folder" ]; then ln -sfn "usr/$folder" "$root/$folder"; fi
done
loader=$(printf '%s\n' "${libraries[@]}" | grep 'ld-linux')
if [ ! -e "$root$loader" ]; then
    mkdir -p "$root$(dirname "$loader")"
    cp -aL "$loader" "$root$loader"
fi

owners() {
    for file in "${files[@]}"; do
        dpkg-query -S "$file" "${file#/usr}" 2>/dev/null | cut -d : -f 1 || true
    done | sort -u
}
for package in $(owners); do
    case $package in *,*) continue ;; esac
    dpkg-query -s "$package" >"$root/var/lib/dpkg/status.d/$package"
done

cat >"$root/etc/passwd" <<'EOF'
root:x:0:0:root:/:/sbin/nologin
nonroot:x:65532:65532:nonroot:/var/lib/bellwether:/sbin/nologin
EOF
cat >"$root/etc/group" <<'EOF'
root:x:0:
nonroot:x:65532:
EOF
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
cp /etc/os-release "$root/etc/os-release"
install -d -m 1777 "$root/tmp"
# A new volume gets the owner of the folder that it is mounted on.
install -d -m 0700 -o 65532 -g 65532 "$root/var/lib/bellwether" "$root/var/lib/bellwether/tls"
# In a container the loopback address serves nobody.
mkdir -p "$root/etc/bellwether"
sed 's/^  address: 127.0.0.1:8443/  address: ":8443"/' /etc/bellwether/bellwether.yaml >"$root/etc/bellwether/bellwether.yaml"
install -d -m 0755 "$root/proc" "$root/dev" "$root/sys" "$root/run"
