#!/usr/bin/env bash
# Builds bellwether and runs it.
#
#   Scripts/run.sh             one node in both roles, and the demonstration
#   Scripts/run.sh --no-demo   the node alone
#   Scripts/run.sh ARGS...     bellwether serve ARGS...
#
# Without ARGS the data folder is ./data of this checkout; with ARGS, relative
# paths start at the caller's folder.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# free PORT USE REMEDY: fails if something listens on this port of the loopback address. Checked
# before the build, which takes minutes.
free() {
    if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then
        {
            echo "run: 127.0.0.1:$1, $2, is in use, perhaps by another Scripts/run.sh."
            echo "run: Stop that process (ss -ltnp 'sport = :$1' shows it), or $3"
        } >&2
        exit 69
    fi
}

# Without a configuration of its own, the node uses the embedded defaults.
if [ ! -e "$top/bellwether.yaml" ]; then
    other="serve on another port:
run:   echo '{data_dir: ./data-2, listen: {address: \"127.0.0.1:8444\"}}' > other.yaml
run:   Scripts/run.sh --config other.yaml"
    case "$*" in
        '')
            free 8443 "the node's address" "$other"
            free 9102 "the address of the demonstration's metrics" "serve without it: Scripts/run.sh --no-demo"
            ;;
        --no-demo) free 8443 "the node's address" "$other" ;;
    esac
fi

"$top/Scripts/setup.sh"
bellwether=$("$top/Scripts/build.sh")

case "${1:-}" in
    '')
        cd "$top"
        exec "$bellwether" serve --demo
        ;;
    --no-demo)
        shift
        cd "$top"
        exec "$bellwether" serve "$@"
        ;;
    *) exec "$bellwether" serve "$@" ;;
esac
