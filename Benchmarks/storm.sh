#!/usr/bin/env bash
# Sends 100,000 events in a minute through a real notifier, in one group and in 1,000.
# Prints peak memory, posts and mails by window and their sizes, and whether the digests
# count every event. Exits with 1 if an event is in no digest, memory reaches 100 MiB, or
# a mail is over 100 KB. Takes about seven minutes.
#
# usage: Benchmarks/storm.sh
#   BELLWETHER_BINARY=PATH uses an existing executable.
# needs: python3
set -euo pipefail
cd "$(dirname "$0")/.."
bellwether=${BELLWETHER_BINARY:-}
if [ -z "$bellwether" ]; then
    swift build -c release --product bellwether >&2
    bellwether=$(swift build -c release --show-bin-path)/bellwether
fi
exec env PYTHONDONTWRITEBYTECODE=1 python3 Benchmarks/alertmanager/storm.py --bellwether "$bellwether"
