#!/usr/bin/env bash
# Runs all hostile clients at once, together with honest load, against one node.
#
# Starts two nodes (gateway and notifier) with the usual limit of 1,024 open files. Honest clients
# use the first one: measurements at a fixed rate, and events whose acknowledged ids are stored on
# disk. Three kinds of phase take turns: half a minute without hostile clients; three minutes with
# hostile clients at the other node, which nobody else uses; three minutes with hostile clients at
# the first node. They go on until there were MINUTES of the last kind. The second kind shows what
# the attack costs on shared processors, and the third, compared with it, what it costs in the node.
# The hostile clients: endless bytes after Upgrade and CONNECT, wrong Hosts, floods of HTTP/2
# frames, rapid resets, streams without a window, slow headers and bodies, hundreds of idle
# connections, abandoned handshakes, pipelined floods, gzip bodies of bad lines, clients that request
# many events and do not read them, followers. The hostile processes get only the processor time that
# nobody else wants (SCHED_IDLE), so that the result shows their effect on the node and not the time
# that they use themselves.
#
# Prints p50 and p99 of honest measurements in each kind of phase, the medians of the ratios of p99 by
# turn, the processor time that the host took in each kind (where that differs, the ratio shows the
# host), every honest answer that was not 200, the acknowledged lines and how many of them are in the
# log, the first node's peak memory, its peak of descriptors and their limit, and how often each
# hostile client did what a second, at both nodes. Exits with 1 if an acknowledged line is missing,
# memory reached 256 MiB, the descriptors reached the limit, a node ended, or the median of the ratios
# of attack and quiet is at least 2.
#
# usage: Benchmarks/hostile.sh
# env:   MINUTES=30 of attack at the first node (a fraction is fine), RATE=20 measurements a second,
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
# Starts a node on a port with the data folder $work/NAME.
node() {
    mkdir "$work/$1"
    cat > "$work/$1/bellwether.yaml" <<YAML
data_dir: $work/$1/data
listen:
  address: "127.0.0.1:$2"
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
        exec "$bellwether" serve --config "$work/$1/bellwether.yaml"
    ) > "$work/$1/log" 2>&1 &
}
node first 18463
first=$!
node other 18464
other=$!
PYTHONDONTWRITEBYTECODE=1 python3 Benchmarks/hostile/run.py \
    --pid $first --port 18463 --data "$work/first/data" \
    --decoy-pid $other --decoy-port 18464 --decoy-data "$work/other/data" \
    --work "$work" --minutes "${MINUTES:-30}" --rate "${RATE:-20}" \
    --only "${ONLY:-}" || { tail -n 20 "$work"/*/log >&2; exit 1; }
