#!/usr/bin/env bash
# The notifier beside Debian's prometheus-alertmanager, question by question in one
# run of about ten minutes: ingest rate (ours over TLS and durable, theirs plain and in
# memory), memory with 100,000 pending, time from event to receiver, what SIGKILL loses,
# 429 with Retry-After, one bad recipient, and a storm of 100,000 events over one group
# and over 1,000: posts, mails, their sizes, memory. Ours, theirs, the ratio.
#
# usage: Benchmarks/alertmanager.sh [SECONDS=5] [WORD]
#   SECONDS each ingest shape is driven; WORD asks only the questions that hold it
#   (ingest pending latency killed refused recipients storm).
#   BELLWETHER_BINARY=PATH measures an executable that was built already.
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
