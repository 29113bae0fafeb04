#!/usr/bin/env bash
# Runs the tests of buckets against Ceph's object gateway, as a second opinion beside SeaweedFS, with
# which every test run has them: signing, create-only writes, listings, uploads in parts, the log of a
# node and of a pair, archives.
#
# usage: Scripts/test-ceph.sh [FILTER]
#   FILTER is that of `swift test`; by default BucketTests, ArchivesTests and ShippingTests.
# Starts one monitor, one manager, one OSD in memory and one gateway on loopback, without
# authentication between them, and ends them. Needs the build of Scripts/test.sh and Debian's packages
#   apt-get install --no-install-recommends radosgw ceph-mon ceph-mgr ceph-osd ceph-common
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
filter=${1:-'^(BucketTests|ArchivesTests|ShippingTests)\.'}

for program in ceph ceph-mon ceph-mgr ceph-osd radosgw radosgw-admin monmaptool curl python3; do
    command -v "$program" > /dev/null || {
        echo "test-ceph: $program is missing; see the packages in this script" >&2
        exit 1
    }
done

work=$(mktemp -d)
started=()
finish() {
    for one in "${started[@]}"; do kill -9 "$one" 2> /dev/null || true; done
    rm -rf "$work"
}
trap finish EXIT

# Free ports of loopback: two of the monitor, one of the gateway.
read -r mon2 mon1 port < <(python3 -c '
import socket
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(one.getsockname()[1] for one in held))')
fsid=$(cat /proc/sys/kernel/random/uuid)
osd=$(cat /proc/sys/kernel/random/uuid)
mkdir "$work/mon" "$work/mgr" "$work/osd"
cat > "$work/ceph.conf" <<CONF
[global]
fsid = $fsid
mon_initial_members = a
mon_host = [v2:127.0.0.1:$mon2,v1:127.0.0.1:$mon1]
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
run_dir = $work
admin_socket = $work/\$name.asok
pid_file = $work/\$name.pid
log_file = $work/\$name.log
crash_dir = $work
mon_data = $work/mon
mgr_data = $work/mgr
osd_data = $work/osd
osd_objectstore = memstore
memstore_device_bytes = 8589934592
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
[client.rgw]
# By default radosgw demands an encrypted connection to the monitor, for which there must be keys.
ms_mon_client_mode = crc
rgw_frontends = beast endpoint=127.0.0.1:$port tcp_nodelay=1
CONF
conf=(--conf "$work/ceph.conf")
run() {
    "$@" "${conf[@]}" -f > "$work/${1##*/}.out" 2>&1 &
    started+=($!)
}
# WHAT COMMAND…: until it succeeds, for at most two minutes.
until_done() {
    local what=$1
    shift
    for _ in $(seq 240); do
        if "$@" > "$work/last.out" 2>&1; then return; fi
        sleep 0.5
    done
    echo "test-ceph: $what takes too long:" >&2
    tail -n 20 "$work/last.out" "$work"/*.log >&2 || true
    exit 1
}

monmaptool --create --fsid "$fsid" --addv a "[v2:127.0.0.1:$mon2,v1:127.0.0.1:$mon1]" "$work/monmap" > /dev/null
ceph-mon --mkfs -i a --monmap "$work/monmap" "${conf[@]}"
run ceph-mon -i a
until_done "the monitor" timeout 5 ceph "${conf[@]}" -s
run ceph-mgr -i x
timeout 30 ceph "${conf[@]}" osd new "$osd" > /dev/null
ceph-osd -i 0 --mkfs --osd-uuid "$osd" "${conf[@]}" > "$work/mkfs.out" 2>&1
run ceph-osd -i 0
until_done "the OSD" sh -c "timeout 5 ceph --conf '$work/ceph.conf' osd stat | grep -q '1 up'"
run radosgw -n client.rgw
# As in Tests/TestSupport/ObjectStore.swift.
# A try that took too long may have created it: then the next one is refused.
make_user() {
    timeout 60 radosgw-admin "${conf[@]}" user create --uid test --display-name test \
        --access-key TESTKEY --secret-key test/secret+key ||
        timeout 60 radosgw-admin "${conf[@]}" user info --uid test
}
until_done "the user" make_user
until_done "the gateway" curl -s "http://127.0.0.1:$port"

echo "test-ceph: $(radosgw --version)"
BELLWETHER_TEST_S3_PORT=$port swift test --skip-build --no-parallel --filter "$filter"
