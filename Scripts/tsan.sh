#!/usr/bin/env bash
# Builds with the thread sanitizer, in a separate folder (.build-tsan). Then runs a node under
# mixed load, with reloads and a drain at the end, and the tests of the modules with shared
# state. Fails if the sanitizer reports anything.
#
# usage: Scripts/tsan.sh [SECONDS=60] [--node-only|--tests-only [FILTER]]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
top=$PWD
seconds=${1:-60}
part=${2:-}

# Modules in which many writers, callers, deliveries and readers share state.
suites=${3:-'EventLogTests|GatewayTests|ServerTests|TransferTests|DeliveryTests|NotifierTests|ConsoleTests|ProbesTests'}

mkdir -p .build-tsan
sanitized=(--scratch-path .build-tsan --sanitize=thread)
if [ "$(uname)" = Linux ]; then
    # See the comment in that file.
    clang -O1 -fPIC -Wall -c Scripts/tsan_mutex.c -o .build-tsan/tsan_mutex.o
    sanitized+=(-Xlinker "$top/.build-tsan/tsan_mutex.o")
fi
build=(swift build "${sanitized[@]}")
work=$(mktemp -d)
node=
trap '[ -n "$node" ] && kill "$node" 2>/dev/null; rm -rf "$work"' EXIT
# One report file for each process.
export TSAN_OPTIONS="log_path=$work/report exitcode=0 halt_on_error=0"

reports() {
    local found=0
    for report in "$work"/report.*; do
        [ -e "$report" ] || continue
        found=$((found + $(grep -c 'WARNING: ThreadSanitizer' "$report" || true)))
        cp "$report" .build-tsan/
    done
    echo "$found"
}

node_under_load() {
    "${build[@]}" --product bellwether </dev/null
    local bellwether
    bellwether=$("${build[@]}" --show-bin-path)/bellwether
    cat >"$work/bellwether.yaml" <<YAML
data_dir: $work/data
listen:
  address: "127.0.0.1:18445"
  limits: {measurements_per_second: 1000, measurements_burst: 1000, request_deadline: 5s, header_timeout: 3s}
analysis:
  budget: 800ms
  interval: 1s
  probes:
    - {name: node, kind: disk, path: /, timeout: 200ms}
    - {name: page, kind: prometheus, url: "http://127.0.0.1:1/metrics", timeout: 300ms}
  checks:
    - {id: gateway.disk_ok, critical: true}
    - {id: canary.p99_ms, fail: 400, nodata: ignore}
  concerns: {latency: [canary.p99_ms]}
log: {segment_bytes: 1MiB, max_bytes: 16MiB, min_free: 0}
digest: {first_after: 1s, window: 2s, max_window: 4s}
YAML
    "$bellwether" serve --config "$work/bellwether.yaml" >"$work/node.log" 2>&1 &
    node=$!
    for _ in $(seq 600); do
        curl -sk --max-time 1 https://127.0.0.1:18445/readyz >/dev/null 2>&1 && [ -s "$work/data/tokens/ingest" ] && break
        kill -0 "$node" 2>/dev/null || break
        sleep 0.1
    done
    (
        for _ in 1 2 3; do
            sleep "$((seconds / 4))"
            kill -HUP "$node"
        done
    ) &
    local reloads=$!
    local status=0
    python3 Scripts/mixed_load.py 127.0.0.1:18445 "$work/data/tokens" "$seconds" || status=$?
    wait "$reloads"
    kill -TERM "$node"
    wait "$node" || status=$?
    node=
    if [ "$status" -ne 0 ]; then
        echo "tsan: the node or its load ended with $status" >&2
        tail -n 20 "$work/node.log" >&2
        return 1
    fi
    echo "tsan: a node under load for $seconds s, $(grep -c reload "$work/node.log" || true) lines of reloads"
}

suites_under_tsan() {
    BELLWETHER_TEST_PYTHON=$(Scripts/test-python.sh)
    export BELLWETHER_TEST_PYTHON
    "${build[@]}" --build-tests </dev/null
    swift test "${sanitized[@]}" --skip-build --no-parallel --filter "$suites" </dev/null
}

if [ "$part" != --tests-only ]; then node_under_load; fi
if [ "$part" != --node-only ]; then suites_under_tsan; fi
found=$(reports)
if [ "$found" -gt 0 ]; then
    echo "tsan: $found reports, kept in .build-tsan/report.*" >&2
    sed -n '1,60p' "$work"/report.* >&2
    exit 1
fi
echo "tsan: no report"
