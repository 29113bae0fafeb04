#!/usr/bin/env bash
# Sets the machine up, checks scripts, YAML, spelling and format, builds and runs all tests.
# The last line is `N passed, N failed`; the exit status is 0 only if tests ran and
# all passed.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$top"

# The last line is the count, however this script ends.
passed=0
failed=0
step="the set-up"
fetched=$(mktemp -d)
finish() {
    status=$?
    for job in $(jobs -p); do kill "$job" 2>/dev/null || true; done
    rm -rf "$fetched"
    if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
        echo "test: $step failed, see above"
        failed=1
    fi
    echo "$passed passed, $failed failed"
    exit "$status"
}
trap finish EXIT

Scripts/setup.sh --tests

# What only the tests need is fetched while the compiler works.
Scripts/test-python.sh >"$fetched/python" &
python=$!
Scripts/test-shippers.sh >"$fetched/shippers" &
shippers=$!
Scripts/test-relays.sh >"$fetched/relays" &
relays=$!

step="checking scripts, YAML and workflows"
Scripts/check-files.sh

step="swift format"
swift format lint --strict -r Sources Tests Package.swift </dev/null

# With this flag, an import that Package.swift does not declare is an error.
step="the build"
swift build --build-tests --explicit-target-dependency-import-check error </dev/null

step="making the Python environment"
wait "$python"
BELLWETHER_TEST_PYTHON=$(<"$fetched/python")
export BELLWETHER_TEST_PYTHON

step="fetching the log shippers"
wait "$shippers"
BELLWETHER_TEST_SHIPPERS=$(<"$fetched/shippers")
export BELLWETHER_TEST_SHIPPERS

step="fetching the mail relays"
wait "$relays"
BELLWETHER_TEST_RELAYS=$(<"$fetched/relays")
export BELLWETHER_TEST_RELAYS

step="the spelling check"
Scripts/spelling.sh "$BELLWETHER_TEST_PYTHON"

step="the test run"
events=$top/.build/test-events.jsonl
log=$top/.build/test-output.txt
rm -f "$events" "$log"
status=0
# Appends one run's events and output to those of the runs before.
run() {
    local part=$top/.build/test-part.jsonl
    rm -f "$part"
    swift test --skip-build --event-stream-output-path "$part" "$@" </dev/null 2>&1 | tee -a "$log" ||
        status=$?
    if [ -f "$part" ]; then cat "$part" >> "$events"; fi
}
# Four at once: hundreds would starve the servers and processes that some of them start, and
# a wait that only bounds a failing test would end a good one.
SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=4 run --skip '^SystemTests\.'
# Whole nodes mostly wait, for each other and for their receivers: two suites at once. Those that
# measure memory, processor time or lateness, or drive a browser, need the machine for themselves.
alone='^SystemTests\.(Descriptor|Follow|HostileMemory|RealPage|SlowRelay|StatusPage)Tests/'
SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=2 run --filter '^SystemTests\.' --skip "$alone"
run --no-parallel --filter "$alone"

step="counting the tests"
counts=$("$BELLWETHER_TEST_PYTHON" Scripts/count_tests.py "$events" "$log")
read -r passed failed <<<"$counts"
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
    echo "test: swift test ended with status $status although no test failed"
    failed=1
fi
if [ "$passed" -eq 0 ] && [ "$failed" -eq 0 ]; then
    echo "test: no test ran"
    failed=1
fi
if [ "$failed" -gt 0 ]; then exit 1; fi
