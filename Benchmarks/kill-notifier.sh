#!/usr/bin/env bash
# Kills the notifier with SIGKILL a thousand times, during start-up, ingest, the open window,
# its closing, sending and recording. A strict Slack double and an SMTP server record all
# messages. Checks that every line of the log is digested once, that nothing is sent again
# after it was recorded as sent, and that every repeat has the same bytes. Prints which
# phases the kills hit.
#
# usage: Benchmarks/kill-notifier.sh [KILLS=1000] [SEED=1]
#   BELLWETHER_BINARY=PATH uses an existing executable.
# Python and aiosmtpd are those of Scripts/test-python.sh.
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
