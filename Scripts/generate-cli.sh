#!/usr/bin/env bash
# Generates the manual page and the shell completions from the executable.
#
#   Scripts/generate-cli.sh [EXECUTABLE [FOLDER]]
#
# FOLDER is Config by default. A test checks that the committed files there are
# up to date.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
executable=${1:-$top/.build/debug/bellwether}
folder=${2:-$top/Config}
mkdir -p "$folder/man" "$folder/completions"
"$executable" --experimental-dump-help | python3 "$top/Scripts/man_page.py" >"$folder/man/bellwether.8"
"$executable" --generate-completion-script bash >"$folder/completions/bellwether.bash"
"$executable" --generate-completion-script zsh >"$folder/completions/_bellwether"
"$executable" --generate-completion-script fish >"$folder/completions/bellwether.fish"
