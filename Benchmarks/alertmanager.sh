#!/usr/bin/env bash
# The notifier beside Debian's prometheus-alertmanager, question by question in
# one run: ingest rate (ours over TLS and durable, theirs plain and in memory),
# memory, latency, what SIGKILL loses, 429, one bad recipient, a storm.
#
# usage: Benchmarks/alertmanager.sh [SECONDS=5] [EXECUTABLE]
# needs: wrk and prometheus-alertmanager (apt-get install), the Python of Scripts/setup.sh.
# The executable is built (release) when none is given.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-5}
bellwether=${2:-}
python=${BELLWETHER_TEST_PYTHON:-.build/test-venv/bin/python}
for tool in wrk prometheus-alertmanager; do
    command -v $tool >/dev/null || { echo "$tool is missing: apt-get install $tool" >&2; exit 1; }
done
if [ -z "$bellwether" ]; then
    swift build -c release --product bellwether >&2
    bellwether=$(swift build -c release --show-bin-path)/bellwether
fi
exec "$python" Benchmarks/alertmanager/compare.py --bellwether "$bellwether" --seconds "$seconds"
