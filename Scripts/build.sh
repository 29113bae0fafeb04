#!/usr/bin/env bash
# Builds the release executable and prints its path. run.sh, install.sh and package.sh use it, so
# that one build serves all of them.
#
#   Scripts/build.sh [OPTIONS]      OPTIONS are of `swift build`
#
# On Linux, Swift's libraries are linked in: the executable runs on machines without Swift. ICU, which
# Foundation needs, gets the data of English and of no language only. Symbols are not exported: nothing
# looks them up, and the linker can leave out what nothing uses, of C and C++ each function too. LLVM's
# linker packs the relocations (DT_RELR; glibc 2.36 or later reads them).
# There is no debug information: packages have none, and writing it takes a part of each compilation.
# BELLWETHER_COMMIT names the commit that --version shows; by default the checkout's.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$top"

build=(swift build -c release --product bellwether -debug-info-format none)
if [ "$(uname -s)" != Darwin ]; then
    # The last of the linker's options counts: the static standard library brings -export-dynamic.
    build+=(--static-swift-stdlib -Xlinker --no-export-dynamic
        -Xcc -ffunction-sections -Xcc -fdata-sections
        -Xswiftc -use-ld=lld -Xlinker -z -Xlinker pack-relative-relocs)
    if BELLWETHER_ICU_SYMBOL=$(python3 Scripts/icu_data.py .build/icu.dat); then
        export BELLWETHER_ICU_SYMBOL
    else
        unset BELLWETHER_ICU_SYMBOL
        echo "build: builds with all data of ICU; the executable is 31 MB larger" >&2
    fi
fi
build+=("$@")
bin=$("${build[@]}" --show-bin-path </dev/null)

if [ -z "${BELLWETHER_COMMIT:-}" ]; then
    BELLWETHER_COMMIT=$(git rev-parse --short=12 HEAD 2>/dev/null || true)
    if [ -n "$BELLWETHER_COMMIT" ] && [ -n "$(git status --porcelain --untracked-files=no)" ]; then
        BELLWETHER_COMMIT+=-changed
    fi
fi
BELLWETHER_SWIFT=$(swift --version 2>/dev/null |
    sed -n 's/.*Swift version \([0-9][0-9.]*[0-9]\).*/\1/p' | head -n 1)
export BELLWETHER_SWIFT
if [ -n "$BELLWETHER_COMMIT" ]; then export BELLWETHER_COMMIT; else unset BELLWETHER_COMMIT; fi

if [ ! -x "$bin/bellwether" ]; then
    echo "build: the first build takes about nine minutes on two cores" >&2
else
    echo "build: building the changes" >&2
fi
started=$SECONDS
"${build[@]}" </dev/null >&2
echo "build: built in $((SECONDS - started)) s" >&2
echo "$bin/bellwether"
