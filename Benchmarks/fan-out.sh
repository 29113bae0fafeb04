#!/usr/bin/env bash
# Measures how the notifier sends many digests: 200 to a receiver that answers in 50 ms, the time
# from an event that may not wait to its request, a receiver that is back after a while, the next
# delivery while 100,000 others wait, and the CPU time of a digest, with a profile where perf is
# installed. Prints each value with its limit; exits with 1 if one is missed. Takes about four minutes.
#
# usage: Benchmarks/fan-out.sh [WORD]
#   WORD selects the questions whose name contains it (burst news back waiting cpu).
#   BELLWETHER_BINARY=PATH uses an existing executable.
# needs: python3; perf for the profile.
set -euo pipefail
cd "$(dirname "$0")/.."
bellwether=${BELLWETHER_BINARY:-}
if [ -z "$bellwether" ]; then
    swift build -c release --product bellwether >&2
    bellwether=$(swift build -c release --show-bin-path)/bellwether
fi
exec env PYTHONDONTWRITEBYTECODE=1 python3 Benchmarks/fan-out/fan_out.py \
    --bellwether "$bellwether" --only "${1:-}"
