#!/usr/bin/env bash
# Measures how long someone waits for the compiler: a cold release build with the options of
# Scripts/build.sh, a build without a change, and builds after a change in the first and last modules.
#
#   Benchmarks/build.sh [FOLDER]
#
# Works on a copy of the committed files in FOLDER, by default a temporary one, which is removed. The
# packages are fetched before the clock starts. Nothing else should run: the figures are those of an
# otherwise idle machine.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [ $# -gt 0 ]; then
    folder=$1
    mkdir -p "$folder"
else
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
fi
git -C "$top" archive HEAD | tar -x -C "$folder"
if [ -f "$top/Package.resolved" ]; then cp "$top/Package.resolved" "$folder/"; fi
cd "$folder"
rm -rf .build
# Without a checkout there is no commit to show.
export BELLWETHER_COMMIT=0
log=$folder/build.log
swift package resolve >"$log" 2>&1 || {
    cat "$log" >&2
    exit 1
}

# measure WHAT: builds, and prints seconds and processor time.
measure() {
    local seconds TIMEFORMAT='%R %U %S'
    seconds=$({ time Scripts/build.sh >"$log" 2>&1; } 2>&1) || {
        cat "$log" >&2
        exit 1
    }
    awk -v what="$1" '{ printf "%-44s %7.1f s, %7.1f s of processor time\n", what, $1, $2 + $3 }' <<<"$seconds"
}

# change FILE: adds a function that nothing calls.
change() { printf '\nprivate func unusedForTheMeasurement%s() {}\n' "$RANDOM" >>"$1"; }

printf '%s processors, %s\n' "$(getconf _NPROCESSORS_ONLN)" "$(swift --version 2>/dev/null | head -n 1)"
measure "cold"
measure "without a change"
change Sources/bellwether/Bellwether.swift
measure "a change in the last module, bellwether"
change Sources/Notifier/DigestService.swift
measure "a change in a middle module, Notifier"
change Sources/Core/Text/Base64.swift
measure "a change in the first module, Core"
