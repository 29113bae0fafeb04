#!/usr/bin/env bash
# A thousand SIGKILLs of the notifier at random points, against a strict Slack
# double and an SMTP server that record everything: nothing undigested, nothing
# sent again after it was recorded, every repeat with the same bytes.
#
# usage: Benchmarks/kill-notifier.sh [KILLS=1000] [EXECUTABLE]
# The executable is built (release) when none is given. Python and aiosmtpd are
# those of Scripts/setup.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
kills=${1:-1000}
bellwether=${2:-}
python=${BELLWETHER_TEST_PYTHON:-.build/test-venv/bin/python}
if [ -z "$bellwether" ]; then
    swift build -c release --product bellwether >&2
    bellwether=$(swift build -c release --show-bin-path)/bellwether
fi
exec "$python" Benchmarks/kill_notifier.py --bellwether "$bellwether" --kills "$kills"
