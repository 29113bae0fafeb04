#!/usr/bin/env bash
# Writes the manual page and the shell completions from the commands themselves.
#
#   Scripts/generate-cli.sh [EXECUTABLE [FOLDER]]
#
# FOLDER is Config by default; a test compares what is committed there with
# what this writes.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
executable=${1:-$top/.build/debug/bellwether}
folder=${2:-$top/Config}
mkdir -p "$folder/man" "$folder/completions"
"$executable" --experimental-dump-help | python3 "$top/Scripts/man_page.py" >"$folder/man/bellwether.8"
"$executable" --generate-completion-script bash >"$folder/completions/bellwether.bash"
"$executable" --generate-completion-script zsh >"$folder/completions/_bellwether"
"$executable" --generate-completion-script fish >"$folder/completions/bellwether.fish"
