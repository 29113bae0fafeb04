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

"$top/Scripts/setup.sh"

build=(swift build --package-path "$top" -c release --product bellwether)
bin=$("${build[@]}" --show-bin-path </dev/null)
if [ ! -x "$bin/bellwether" ]; then
    echo "run: building bellwether; the first time takes about ten minutes on two cores" >&2
else
    echo "run: building the changes" >&2
fi
started=$SECONDS
"${build[@]}" </dev/null >&2
echo "run: built in $((SECONDS - started)) s" >&2

case "${1:-}" in
    '')
        cd "$top"
        exec "$bin/bellwether" serve --demo
        ;;
    --no-demo)
        shift
        cd "$top"
        exec "$bin/bellwether" serve "$@"
        ;;
    *) exec "$bin/bellwether" serve "$@" ;;
esac
