#!/usr/bin/env bash
# Kills a process that writes the event log, 2,000 times at random moments under
# eight writers, then makes the calls to the file system fail one after another.
# Each time the log must contain all acknowledged lines, complete and once.
#
# usage: Scripts/kill-log.sh [KILLS=2000] [FAULTS=12]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
swift build --build-tests
BELLWETHER_KILLS=${1:-2000} BELLWETHER_FAULTS=${2:-12} \
    swift test --skip-build --no-parallel --filter EventLogTests.DriverTests
