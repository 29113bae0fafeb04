#!/usr/bin/env bash
# Prints how many bytes of the release executable each module and library takes, largest first.
#
#   Scripts/size-by-module.sh
#
# Links the build of Scripts/build.sh once more, for the linker's map. Linux only.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

map=$PWD/.build/bellwether.map
Scripts/build.sh -Xlinker "-Map=$map" >/dev/null
python3 - "$map" <<'EOF'
import collections
import re
import sys

sizes, section, inside = collections.Counter(), "", False
skipped = (".debug", ".symtab", ".strtab", ".shstrtab", ".comment", ".bss", ".tbss")
for line in open(sys.argv[1], encoding="utf-8", errors="replace"):
    # gold's map: an output section begins its line; below it, each input section with its address, size
    # and file. What was left out is listed before "Memory map".
    inside = inside or line.startswith("Memory map")
    head = re.match(r"(\.\S+)", line)
    if head:
        section = head[1]
    place = re.match(r"\s.*0x([0-9a-f]+)\s+0x([0-9a-f]+) (/.+)", line)
    if not inside or not place or section.startswith(skipped) or int(place[1], 16) == 0:
        continue
    module = re.search(r"/([^/]+)\.build/|/([^/]+\.a)\(", place[3])
    name = next((g for g in module.groups() if g), "") if module else place[3].rsplit("/", 1)[-1]
    sizes[name] += int(place[2], 16)
total = sum(sizes.values())
for name, size in sizes.most_common(40):
    print(f"{size:12,} {100 * size / total:5.1f} %  {name}")
print(f"{total:12,} 100.0 %  all, without symbols")
EOF
