#!/usr/bin/env bash
# Measures lines a second, CPU seconds per million lines and memory of POST /v1/events over TLS,
# durable before the answer, for bodies of 1 to 10,000 lines on 1 to 32 connections, plain and
# gzip. CPU seconds are counted up to the last answer and until the node is idle again; the latter
# are divided into ingest, digests and sealing (background work). For comparison: rsyslog and
# syslog-ng, with their sync on and off, receiving the same lines over TCP without acknowledgements;
# dd writing the same bytes with the same sync pattern; and the log alone doing so. Everything runs
# in turn in one run; quote the ratios.
#
# usage: Benchmarks/ingest.sh [LINES=1000000] [SEGMENT=4GiB]
#   With a SEGMENT larger than the run nothing is sealed; 64MiB includes sealing.
#   BELLWETHER_BINARY=PATH uses an existing executable, with EventLogDriver beside it.
# needs: python3; rsyslog or syslog-ng as peers (apt-get install rsyslog, syslog-ng-core)
set -euo pipefail
cd "$(dirname "$0")/.."
lines=${1:-1000000}
segment=${2:-4GiB}
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT

bellwether=${BELLWETHER_BINARY:-}
if [ -z "$bellwether" ]; then
    echo "building (release)" >&2
    swift build -c release --product bellwether >&2
    swift build -c release --product EventLogDriver >&2
    bellwether=$(swift build -c release --show-bin-path)/bellwether
fi
driver=$(dirname "$bellwether")/EventLogDriver
echo "making $lines lines" >&2
# With times of the last hours, as real lines have: the status page reads attempts of one day.
python3 Benchmarks/ingest/gen_events.py "$lines" --out "$work/lines" \
    --start "$(python3 -c 'import time; print(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 7200)))')"

# PER_BODY CONNECTIONS LINES OPTION: runs one shape on a new log.
shape() {
    rm -rf "$work/data"
    cat > "$work/bellwether.yaml" <<YAML
data_dir: $work/data
listen: {address: "127.0.0.1:18444"}
roles: [notifier]
log: {max_bytes: 64GiB, min_free: 0, segment_bytes: $segment}
YAML
    "$bellwether" serve --config "$work/bellwether.yaml" > "$work/log" 2>&1 &
    local server=$!
    for _ in $(seq 200); do
        curl -sk --max-time 1 https://127.0.0.1:18444/readyz >/dev/null 2>&1 && [ -s "$work/data/tokens/ingest" ] && break
        sleep 0.1
    done
    local result
    result=$(python3 Benchmarks/ingest/load.py https://127.0.0.1:18444/v1/events \
        "$work/data/tokens/ingest" "$work/lines" "$1" "$2" $server --lines "$3" $4)
    kill $server && wait $server 2>/dev/null || true
    # shellcheck disable=SC2086
    set -- "$1x$2${4:+ gzip}" ${result#RESULT}
    printf "$row" "$@"
}
row='%-14s %9s %11s %9s %8s %8s %8s %8s %8s %8s %8s\n'
# shellcheck disable=SC2059
printf "$row" 'lines x conns' lines/s 'cpu answer' 'cpu idle' ingest digests sealing 'p50 ms' 'p99 ms' 'rss MiB' refused
for option in "" --gzip; do
    shape 1 1 $((lines / 200)) "$option"
    shape 1 32 $((lines / 20)) "$option"
    shape 100 4 $((lines / 4)) "$option"
    shape 1000 4 "$lines" "$option"
    shape 10000 4 "$lines" "$option"
done

# The disk alone: the same bytes, synced after every 1,000 lines.
group=$(head -1000 "$work/lines" | wc -c)
dd if="$work/lines" of="$work/dd" bs="$group" oflag=dsync 2> "$work/dd.said"
awk -v lines="$lines" '/copied/ { for (i = 1; i < NF; i++) if ($(i + 1) ~ /^s,?$/) printf "%-14s %10.0f   (write and sync of 1,000 lines at a time)\n", "dd dsync", lines / $i }' "$work/dd.said"
rm -f "$work/dd"

# The log alone: the same lines, validated before, in bodies of 1,000, each body written and
# synced before the next.
seconds=$("$driver" append "$work/alone" "$work/lines" 1000)
awk -v lines="$lines" -v took="$seconds" 'BEGIN { printf "%-14s %10.0f   (the log itself, each body durable before the next)\n", "append alone", lines / took }'
rm -rf "$work/alone"

# The log daemons; Debian installs one of the two at a time.
# NAME LINES COMMAND...: the daemon listens on port 18445 and writes to $work/peer.log.
peer() {
    local name=$1 count=$2
    shift 2
    rm -f "$work/peer.log"
    "$@" > "$work/peer.said" 2>&1 &
    local server=$!
    sleep 1
    python3 Benchmarks/ingest/peer.py "$work/lines" "$work/peer.log" "$count" $server "$name" || cat "$work/peer.said"
    kill $server && wait $server 2>/dev/null || true
}
if command -v rsyslogd >/dev/null; then
    for sync in off on; do
        # rsyslog syncs each message, which is slow, so it gets fewer lines.
        count=$lines
        [ $sync = off ] || count=$((lines / 50))
        cat > "$work/rsyslog.conf" <<CONF
global(workDirectory="$work" maxMessageSize="64k")
module(load="imtcp")
template(name="raw" type="string" string="%rawmsg%\n")
ruleset(name="in") { action(type="omfile" file="$work/peer.log" template="raw" sync="$sync") }
input(type="imtcp" port="18445" address="127.0.0.1" ruleset="in")
CONF
        peer "rsyslog $sync" $count rsyslogd -n -f "$work/rsyslog.conf" -i "$work/rsyslog.pid"
    done
else
    echo "rsyslog is missing and left out: apt-get install rsyslog" >&2
fi
if command -v syslog-ng >/dev/null; then
    for sync in off on; do
        cat > "$work/syslog-ng.conf" <<CONF
@version: 3.35
options { stats-freq(0); };
source in {
    network(transport("tcp") ip("127.0.0.1") port(18445) flags(no-parse) log-msg-size(65536)
            log-iw-size(10000) log-fetch-limit(1000));
};
destination out {
    file("$work/peer.log" template("\${MSG}\n") fsync($([ $sync = on ] && echo yes || echo no))
         log-fifo-size(20000) flush-lines(1000));
};
log { source(in); destination(out); flags(flow-control); };
CONF
        peer "syslog-ng $sync" "$lines" syslog-ng -F --no-caps -f "$work/syslog-ng.conf" \
            -R "$work/syslog-ng.persist" -c "$work/syslog-ng.ctl" -p "$work/syslog-ng.pid"
    done
else
    echo "syslog-ng is missing and left out: apt-get install syslog-ng-core" >&2
fi
