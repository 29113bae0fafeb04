#!/usr/bin/env bash
# Measures how long the event log takes for typical queries, how much space its archives
# and indexes take compared with gzip, and how soon a node with that log is ready after a
# kill. For comparison: zcat | jq, zgrep, lnav and miller on the same lines, and zlib
# decompressing everything on two cores. All in one run; quote the ratios.
#
# usage: Benchmarks/query.sh [LINES=8000000]
#   8,000,000 lines are 4.7 GB plain and take 7 GB below TMPDIR and half an hour.
#   BELLWETHER_BINARY=PATH uses an existing executable, with EventLogDriver beside it.
#   KEEP=FOLDER keeps the lines and the log there, and reuses those of an earlier run.
#   PEERS=no leaves the other tools out.
# needs: python3; jq, lnav and miller as peers (apt-get install jq lnav miller)
set -euo pipefail
cd "$(dirname "$0")/.."
lines=${1:-8000000}
if [ -n "${KEEP:-}" ]; then
    work=$KEEP
    mkdir -p "$work"
    trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
else
    work=$(mktemp -d)
    trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
fi

bellwether=${BELLWETHER_BINARY:-}
if [ -z "$bellwether" ]; then
    echo "building (release)" >&2
    swift build -c release --product bellwether >&2
    swift build -c release --product EventLogDriver >&2
    bellwether=$(swift build -c release --show-bin-path)/bellwether
fi
driver=$(dirname "$bellwether")/EventLogDriver
echo bw_nobody > "$work/token"
cat > "$work/bellwether.yaml" <<YAML
data_dir: $work/data
listen: {address: "127.0.0.1:18446"}
# A gateway only: digests of millions of failures would use the CPU.
roles: [gateway]
forward: {to: "https://127.0.0.1:1", token_file: $work/token}
log: {max_bytes: 64GiB, min_free: 0}
YAML

# Starts the node; `took` is the number of seconds until it was ready.
start() {
    "$bellwether" serve --config "$work/bellwether.yaml" >> "$work/log" 2>&1 &
    server=$!
    took=$(python3 - "$server" <<'PY'
import os, ssl, sys, time, urllib.request
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
begun = time.monotonic()
while time.monotonic() - begun < 120:
    try:
        urllib.request.urlopen("https://127.0.0.1:18446/readyz", context=context, timeout=5).read()
        break
    except OSError:
        os.kill(int(sys.argv[1]), 0)
        time.sleep(0.005)
else:
    sys.exit("the node is not ready after 120 s")
print(f"{time.monotonic() - begun:.2f}")
PY
    )
}

if [ ! -e "$work/filled" ]; then
    if [ ! -e "$work/lines" ]; then
        echo "making $lines lines" >&2
        python3 Benchmarks/ingest/gen_events.py "$lines" --out "$work/lines.part"
        mv "$work/lines.part" "$work/lines"
    fi
    if [ ! -e "$work/lines.gz" ]; then
        echo "compressing them with gzip -6" >&2
        gzip -6 < "$work/lines" > "$work/lines.gz.part"
        mv "$work/lines.gz.part" "$work/lines.gz"
    fi
    echo "filling the log" >&2
    rm -rf "$work/data"
    "$driver" fill "$work/data" "$work/lines"
    touch "$work/filled"
fi

echo "start to ready after a kill, $(du -sm "$work/data/log" | cut -f1) MiB of log (target: under 1 s as it was):"
for what in "as it was" "as it was" "as it was" "newest marks lost" "all marks lost"; do
    case $what in
    newest*) rm -f "$work/data/log/marks" ;;
    all*) rm -f "$work/data/log/marks" "$work/data/log/marks.old" ;;
    esac
    start
    printf '  %-18s %6s s\n' "$what" "$took"
    kill -9 "$server" && wait "$server" 2>/dev/null || true
done
start
python3 Benchmarks/query/measure.py "$bellwether" "$work/bellwether.yaml" "$work/data" \
    "$work/lines" "$work/lines.gz" "$lines"
kill "$server" && wait "$server" 2>/dev/null || true
