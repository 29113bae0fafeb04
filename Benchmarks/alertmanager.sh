#!/usr/bin/env bash
# Compares the notifier with Debian's prometheus-alertmanager, in one run of about ten
# minutes: ingest rate (bellwether over TLS and durable, Alertmanager without TLS and in
# memory), memory with 100,000 pending events, time from event to receiver, losses by
# SIGKILL, 429 with Retry-After, one bad recipient, and a storm of 100,000 events in one
# group and in 1,000: posts, mails, their sizes, memory. Prints both values and their ratio.
#
# usage: Benchmarks/alertmanager.sh [SECONDS=5] [WORD]
#   SECONDS is the time for each ingest shape; WORD selects the questions whose name
#   contains it (ingest pending latency killed refused recipients storm).
#   BELLWETHER_BINARY=PATH uses an existing executable.
# needs: wrk and prometheus-alertmanager (apt-get install), python3.
set -euo pipefail
cd "$(dirname "$0")/.."
for tool in wrk prometheus-alertmanager python3; do
    command -v $tool >/dev/null || { echo "$tool is missing: apt-get install $tool" >&2; exit 1; }
done
bellwether=${BELLWETHER_BINARY:-}
if [ -z "$bellwether" ]; then
    swift build -c release --product bellwether >&2
    bellwether=$(swift build -c release --show-bin-path)/bellwether
fi
exec env PYTHONDONTWRITEBYTECODE=1 python3 Benchmarks/alertmanager/compare.py \
    --bellwether "$bellwether" --seconds "${1:-5}" --only "${2:-}"
