#!/usr/bin/env bash
# Measures the memory of 10,000 series in one node, and the handler's own share of an attempt.
#
# Starts a release build with a real /metrics page (statistics on), measures each of N series a
# few times over TLS, and prints the growth of the process and quantiles of the entries in
# `Server-Timing`: `_own` (attempt, judge, document), `_log` (until the event is durable) and the
# probes. The first rounds run as fast as possible, with clients and node sharing the CPU; the
# last one runs at RATE attempts a second (10,000 series every 20 s). Exits with 1 if the node
# grew by 64 MB or more, or if the p99 of `_own` in the last round is 1 ms or more.
#
# usage: Benchmarks/series.sh [SERIES=10000] [ROUNDS=3] [CONNECTIONS=4] [RATE=500]
# env:   BELLWETHER=PATH of an executable, else a release build is made. Linux only.
set -euo pipefail
cd "$(dirname "$0")/.."
series=${1:-10000}
rounds=${2:-3}
connections=${3:-4}
rate=${4:-500}
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT

bellwether=${BELLWETHER:-}
if [ -z "$bellwether" ]; then
    echo "building (release)" >&2
    swift build -c release --static-swift-stdlib --product bellwether >&2
    bellwether=$(swift build -c release --static-swift-stdlib --show-bin-path)/bellwether
fi

python3 Tests/TestSupport/Doubles/metrics_double.py > "$work/port" &
until [ -s "$work/port" ]; do sleep 0.1; done
cat > "$work/bellwether.yaml" <<YAML
data_dir: $work/data
listen: {address: "127.0.0.1:18453"}
roles: [gateway]
forward: {to: "https://127.0.0.1:1"}
analysis:
  interval: 10s
  window: 1s
  probes:
    - {name: node, kind: disk, path: /}
    - {name: canary, kind: prometheus, url: "http://127.0.0.1:$(cat "$work/port")/metrics"}
  checks:
    - {id: canary.5xx_rate, warn: 0.005, fail: 0.01, critical: true, weight: 4}
    - {id: canary.p99_ms, warn: 300, fail: 500}
    - {id: gateway.disk_ok, nodata: warn}
YAML
"$bellwether" serve --config "$work/bellwether.yaml" > "$work/log" 2>&1 &
python3 Benchmarks/series.py --pid $! --url 127.0.0.1:18453 --data "$work/data" \
    --series "$series" --rounds "$rounds" --connections "$connections" --rate "$rate"
