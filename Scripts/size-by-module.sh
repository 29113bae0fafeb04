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

sizes, section = collections.Counter(), ""
skipped = (".debug", ".symtab", ".strtab", ".shstrtab", ".comment", ".bss", ".tbss")
# lld's map: address, load address, size and alignment in hexadecimal; after one blank the name of an output
# section, after nine a file with its section, after more a symbol.
row = re.compile(r"\s*[0-9a-f]+\s+[0-9a-f]+\s+([0-9a-f]+)\s+\d+ ( *)(\S.*)")
for line in open(sys.argv[1], encoding="utf-8", errors="replace"):
    place = row.match(line)
    if not place:
        continue
    size, depth, name = int(place[1], 16), len(place[2]), place[3]
    if depth == 0:
        section = name
    elif depth == 8 and not section.startswith(skipped):
        module = re.search(r"/([^/]+)\.build/|/([^/]+\.a)\(", name)
        file = name.split(":(")[0].rsplit("/", 1)[-1]
        sizes[next((g for g in module.groups() if g), "") if module else file] += size
total = sum(sizes.values())
for name, size in sizes.most_common(40):
    print(f"{size:12,} {100 * size / total:5.1f} %  {name}")
print(f"{total:12,} 100.0 %  all, without symbols")
EOF
