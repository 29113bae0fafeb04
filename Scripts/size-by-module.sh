#!/usr/bin/env bash
# Prints how many bytes of the release executable each module and library takes, largest first.
#
#   Scripts/size-by-module.sh
#
# Links the build of Scripts/build.sh once more, for the linker's map. Linux only.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

map=$PWD/.build/bellwether.map
swift build -c release --product bellwether --static-swift-stdlib -Xlinker "-Map=$map" </dev/null >&2
python3 - "$map" <<'EOF'
import collections
import re
import sys

sizes, section = collections.Counter(), ""
for line in open(sys.argv[1], encoding="utf-8", errors="replace"):
    # VMA, LMA, size, alignment; then a section, or below it `file:(section)`, or below that a symbol.
    columns = re.match(r"\s*([0-9a-f]+)\s+[0-9a-f]+\s+([0-9a-f]+)\s+\d+( +)(\S.*)", line)
    if not columns:
        continue
    address, size, indent, text = columns.groups()
    if len(indent) == 1:
        section = text
        continue
    place = re.match(r"(.+):\((.+)\)$", text)
    if section.startswith((".debug", ".symtab", ".strtab", ".shstrtab", ".comment", ".bss", ".tbss")):
        continue
    if place:
        module = re.search(r"/([^/]+)\.build/|/([^/]+\.a)\(|/([^/]+\.o)$", place[1])
        name = next((g for g in module.groups() if g), "?") if module else place[1]
    elif text.startswith("<internal>"):
        name = "(made by the linker)"
    else:
        continue
    sizes[name] += int(size, 16)
total = sum(sizes.values())
for name, size in sizes.most_common(40):
    print(f"{size:12,} {100 * size / total:5.1f} %  {name}")
print(f"{total:12,} 100.0 %  all, without symbols")
EOF
