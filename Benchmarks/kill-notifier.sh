#!/usr/bin/env bash
# A thousand SIGKILLs of the notifier, aimed at start-up, ingest, the open window, its
# closing, sending and recording, against a strict Slack double and an SMTP server that
# record everything: every line of the log digested once, nothing sent again after it
# was recorded, every repeat with the same bytes. Prints what the kills hit.
#
# usage: Benchmarks/kill-notifier.sh [KILLS=1000] [SEED=1]
#   BELLWETHER_BINARY=PATH kills an executable that was built already.
# Python and aiosmtpd are those of Scripts/setup.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${BELLWETHER_TEST_PYTHON:-.build/test-venv/bin/python}
bellwether=${BELLWETHER_BINARY:-}
if [ -z "$bellwether" ]; then
    swift build -c release --product bellwether >&2
    bellwether=$(swift build -c release --show-bin-path)/bellwether
fi
exec env PYTHONDONTWRITEBYTECODE=1 "$python" Benchmarks/kill_notifier.py \
    --bellwether "$bellwether" --kills "${1:-1000}" --seed "${2:-1}"
