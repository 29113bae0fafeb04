#!/usr/bin/env bash
# Runs all hostile clients at once, together with honest load, against one node.
#
# Starts a node (gateway and notifier) with the usual limit of 1,024 open files. Honest clients
# use it: measurements at a fixed rate, and events whose acknowledged ids are stored on disk.
# They run alone for half a minute and together with hostile clients for three, in turn, until there
# were MINUTES of attack: endless bytes after Upgrade and CONNECT, wrong Hosts, floods of HTTP/2
# frames, rapid resets, streams without a window, slow headers and bodies, hundreds of idle
# connections, abandoned handshakes, pipelined floods, gzip bodies of bad lines, clients that request
# many events and do not read them, followers. The hostile processes get only the processor time that
# nobody else wants (SCHED_IDLE), so that the result shows their effect on the node and not the time
# that they use themselves.
#
# Prints the p99 of honest measurements alone and under attack, the median of their ratios by turn,
# the processor time that the host took in both (where that differs, the ratio shows the host), every
# honest answer that was not
# 200, the acknowledged lines and how many of them are in the log, the node's peak memory, its
# peak of descriptors and their limit, and the counts of each hostile client. Exits with 1 if an
# acknowledged line is missing, memory reached 256 MiB, the descriptors reached the limit, the
# node ended, or that median is at least 2.
#
# usage: Benchmarks/hostile.sh
# env:   MINUTES=30 of attack (a fraction is fine), RATE=20 measurements a second,
#        OPEN_FILES=1024, ONLY=a,b for some of the hostile clients (the names in attacks.py),
#        BELLWETHER=PATH of an executable, else a release build is made. Linux only.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT

bellwether=${BELLWETHER:-}
if [ -z "$bellwether" ]; then
    echo "building (release)" >&2
    swift build -c release --static-swift-stdlib --product bellwether >&2
    bellwether=$(swift build -c release --static-swift-stdlib --show-bin-path)/bellwether
fi
cat > "$work/bellwether.yaml" <<YAML
data_dir: $work/data
listen:
  address: "127.0.0.1:18463"
  limits: {measurements_per_second: 10000, measurements_burst: 10000}
log: {max_bytes: 8GiB, segment_bytes: 8MiB}
telemetry: {log_level: error}
analysis:
  probes:
    - {name: node, kind: disk, path: /}
  checks:
    - {id: gateway.disk_ok, nodata: warn}
YAML
(
    ulimit -n "${OPEN_FILES:-1024}"
    exec "$bellwether" serve --config "$work/bellwether.yaml"
) > "$work/log" 2>&1 &
PYTHONDONTWRITEBYTECODE=1 python3 Benchmarks/hostile/run.py --pid $! --port 18463 \
    --data "$work/data" --work "$work" --minutes "${MINUTES:-30}" --rate "${RATE:-20}" \
    --only "${ONLY:-}" || { tail -20 "$work/log" >&2; exit 1; }
