#!/usr/bin/env bash
# 100,000 events a minute through a real notifier, over one group and over 1,000: peak
# memory, posts and mails by window and their sizes, and whether the digests count
# every event. Exit 1 when an event is in no digest, memory reaches 100 MiB, or a mail
# is over 100 KB. About seven minutes.
#
# usage: Benchmarks/storm.sh
#   BELLWETHER_BINARY=PATH measures an executable that was built already.
# needs: python3
set -euo pipefail
cd "$(dirname "$0")/.."
bellwether=${BELLWETHER_BINARY:-}
if [ -z "$bellwether" ]; then
    swift build -c release --product bellwether >&2
    bellwether=$(swift build -c release --show-bin-path)/bellwether
fi
exec env PYTHONDONTWRITEBYTECODE=1 python3 Benchmarks/alertmanager/storm.py --bellwether "$bellwether"
