#!/usr/bin/env bash
# Fuzzes the code that reads untrusted bytes with libFuzzer and the address sanitizer: builds
# the package Fuzzing and runs each target, starting with the corpus of Tests/FuzzTests and
# the inputs of earlier runs (.build-fuzz/corpus). Exits with 1 after a finding. Add the
# input of a finding to Tests/FuzzTests/Corpus/<target>/, with a name that describes it.
#
# usage: Scripts/fuzz.sh [SECONDS=600] [TARGET...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
top=$PWD
seconds=${1:-600}
shift || true

resources=$(swiftc -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')
runtime=$(find -L "$resources" "$resources/../clang" -name 'libclang_rt.fuzzer_no_main*.a' 2>/dev/null |
    grep -E "$(uname -m)|osx" | head -n 1 || true)
if [ -z "$runtime" ]; then
    echo "fuzz: this Swift toolchain has no libFuzzer: use one of swift.org" >&2
    exit 69
fi

export BELLWETHER_FUZZER_RUNTIME=$runtime
scratch=$top/.build-fuzz
build=(swift build --package-path Fuzzing --scratch-path "$scratch" --sanitize=address)
# The linker prints a warning for every symbol of the sanitizer.
"${build[@]}" </dev/null 2>&1 | { grep -v 'Cannot export local symbol' || true; }
fuzzer=$(swift build --package-path Fuzzing --scratch-path "$scratch" --show-bin-path)/bellwether-fuzz

known=()
while read -r target; do known+=("$target"); done < <("$fuzzer")
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then targets=("${known[@]}"); fi
for target in "${targets[@]}"; do
    if [[ " ${known[*]} " != *" $target "* ]]; then
        echo "fuzz: there is no target '$target'; the targets are: ${known[*]}" >&2
        exit 64
    fi
done

# The sanitizer prints the backtraces. Leaks are not checked: Swift's objects that are created
# once and kept look like leaks, and the check takes most of the time.
export SWIFT_BACKTRACE=enable=no
export ASAN_OPTIONS=detect_leaks=0:malloc_context_size=3:quarantine_size_mb=16
findings=0
for target in "${targets[@]}"; do
    corpus=$scratch/corpus/$target
    log=$scratch/$target.log
    mkdir -p "$corpus" "$scratch/findings"
    status=0
    "$fuzzer" "$target" -max_total_time="$seconds" -timeout=25 -rss_limit_mb=2048 \
        -max_len=8192 -detect_leaks=0 -print_final_stats=1 -artifact_prefix="$scratch/findings/$target-" \
        "$corpus" "Tests/FuzzTests/Corpus/$target" >"$log" 2>&1 || status=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -n 1)
    edges=$(sed -n 's/.* cov: \([0-9]*\).*/\1/p' "$log" | tail -n 1)
    if [ "$status" -eq 0 ]; then
        echo "fuzz: $target: ${runs:-0} inputs in $seconds s, ${edges:-0} edges, no finding"
    else
        findings=$((findings + 1))
        echo "fuzz: $target: a FINDING after ${runs:-?} inputs"
        grep -E '^finding|ERROR: |Fatal error|Test unit written' "$log" || tail -n 20 "$log"
    fi
done
if [ "$findings" -gt 0 ]; then exit 1; fi
