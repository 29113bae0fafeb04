#!/usr/bin/env bash
# Fails if an executable needs libraries that only a Swift toolchain has, and prints the remedy.
#
#   Scripts/linked.sh EXECUTABLE
set -euo pipefail

binary=$1
if [ "$(uname -s)" = Darwin ]; then
    # Swift's libraries are a part of macOS, below /usr/lib/swift.
    needed=$(otool -L "$binary" | awk '{ print $1 }' | grep '^@rpath/libswift' || true)
else
    # Reads the file: the loader of a machine with a toolchain would find these libraries.
    if command -v readelf >/dev/null; then
        needed=$(readelf -d "$binary" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' || true)
    else
        needed=$(LC_ALL=C ldd "$binary" 2>/dev/null | awk '{ print $1 }' || true)
    fi
    needed=$(grep -E '^lib(swift|Foundation|_Foundation|dispatch|BlocksRuntime)' <<<"$needed" || true)
fi
if [ -n "$needed" ]; then
    echo "linked: $binary needs libraries of a Swift toolchain:" "${needed//$'\n'/ }" >&2
    echo "linked: use one with Swift's libraries linked in: Scripts/build.sh builds it and prints its path" >&2
    exit 65
fi
