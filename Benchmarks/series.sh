#!/usr/bin/env bash
# 10,000 series in one node's memory, and the handler's own share of an attempt.
#
# Starts a release build with a real /metrics page behind it (statistics on), measures each of
# N series a few times over TLS, and prints how much the process grew, and quantiles of the rows
# `_own` (attempt, judge, document), `_log` (until the event is durable) and the probes' in
# `Server-Timing`: of rounds as fast as the clients can, who then share the processor with the
# node, and of a last one at RATE attempts a second (10,000 series every 20 s). Exit 1 when the
# node grew by 64 MB or more, or the own share's p99 of the last round is 1 ms or more.
#
# usage: Benchmarks/series.sh [SERIES=10000] [ROUNDS=3] [CONNECTIONS=4] [RATE=500]
# env:   BELLWETHER=PATH of a built executable, else a release build is made. Linux.
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
