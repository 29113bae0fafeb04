#!/usr/bin/env bash
# Prints the files of the source tree whose paths match, each ended by a zero byte. In a checkout
# these are the files that git tracks or would add; else all outside of build folders.
#
#   Scripts/files.sh PATTERN...
#
# In a pattern, * also matches slashes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    exec git ls-files -z --cached --others --exclude-standard -- "$@"
fi
tests=()
for pattern in "$@"; do tests+=(-o -path "./$pattern"); done
exec find . -path './.build*' -prune -o -type f '(' "${tests[@]:1}" ')' -print0
