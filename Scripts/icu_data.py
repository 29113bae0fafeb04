#!/usr/bin/env python3
"""Writes the part of ICU's data that the executable needs, and prints the name of its symbol.

    icu_data.py OUT [LIBRARY]

Swift's static libraries contain ICU with the data of all languages and character sets: 34 MB of the
executable. Bellwether formats no dates, numbers or names by language and reads only UTF-8. This keeps what
its dependencies could use: the root language and English, time zones, collation, normalization, properties
of characters. For another language ICU falls back to the root, as for one that it does not know.

Sources/CBuild/ICUData.c compiles OUT into the executable under the symbol, and the linker then takes no
data from LIBRARY (by default the lib_FoundationICU.a of the compiler in PATH). Scripts/build.sh uses this.
"""

import json
import pathlib
import re
import struct
import subprocess
import sys

# The header of a common data file: its own size, ICU's magic number, and the description of a
# little-endian ASCII file of format CmnD 1. ICU's source: tools/toolutil/pkg_genc.cpp, common/ucmndata.h.
HEADER = re.compile(rb"[\x20-\xff]\x00\xda\x27\x14\x00\x00\x00\x00\x00\x02\x00CmnD\x01")

# Converters of character sets, dictionaries that find words in languages without spaces, profiles of
# stringprep, look-alike characters.
UNUSED_KINDS = {"cnv", "dict", "spp", "cfu"}
# Names of languages and regions, units, spelled numbers, transliterations.
UNUSED_FOLDERS = {"lang", "rbnf", "region", "translit", "unit"}
# Names of characters, distances of languages, and line breaks other than the standard's own.
UNUSED = re.compile(r"unames\.icu|langInfo\.res|brkitr/line_\w+\.brk")

# Folders with one file for each language.
LANGUAGES = {"", "brkitr", "coll", "curr", "zone"}
LANGUAGE = re.compile(r"[a-z]{2,3}(_\w*)?")
ENGLISH = re.compile(r"en(_(001|150|US|US_POSIX|GB))?")


def wanted(name):
    """Whether the item of this name, without the package's prefix, is kept."""
    folder, _, file = name.rpartition("/")
    stem, _, kind = file.rpartition(".")
    if kind in UNUSED_KINDS or folder in UNUSED_FOLDERS or UNUSED.fullmatch(name):
        return False
    # Others are tables, such as supplementalData and zoneinfo64, and what all languages share.
    language = kind == "res" and folder in LANGUAGES and LANGUAGE.fullmatch(stem)
    return not language or bool(ENGLISH.fullmatch(stem))


def items(data):
    """The names of a package's items with their bytes, in the order of the package."""
    count = struct.unpack_from("<I", data)[0]
    entries = [struct.unpack_from("<II", data, 4 + 8 * i) for i in range(count)]
    ends = [start for _, start in entries[1:]] + [None]
    for (name, start), end in zip(entries, ends):
        yield data[name : data.index(b"\0", name)].decode("ascii"), data[start:end]


def package(header, chosen):
    """A package of the items, each at a multiple of 16 bytes, as ICU expects them."""
    names, offsets = b"", []
    table = 4 + 8 * len(chosen)
    for name, _ in chosen:
        offsets.append(table + len(names))
        names += name.encode("ascii") + b"\0"
    body = struct.pack("<I", len(chosen))
    at = -(-(table + len(names)) // 16) * 16
    payload = b""
    for offset, (_, content) in zip(offsets, chosen):
        body += struct.pack("<II", offset, at + len(payload))
        payload += content + bytes(-len(content) % 16)
    return header + (body + names).ljust(at, b"\0") + payload


def member(library):
    """The bytes of the library's file that holds the data: from `ar`'s header to the next one."""
    with open(library, "rb") as file:
        if file.read(8) != b"!<arch>\n":
            raise SystemExit(f"icu_data: {library} is no static library")
        while head := file.read(60):
            size = int(head[48:58])
            content = file.read(size + size % 2)
            if HEADER.search(content):
                return content[:size]
    raise SystemExit(f"icu_data: {library} has no data of ICU in a known form")


def library_of_compiler():
    info = subprocess.run(
        ["swift", "-print-target-info"], capture_output=True, text=True, check=True).stdout
    resources = pathlib.Path(json.loads(info)["paths"]["runtimeResourcePath"])
    return resources.parent / "swift_static/linux/lib_FoundationICU.a"


def main():
    out = pathlib.Path(sys.argv[1])
    content = member(sys.argv[2] if len(sys.argv) > 2 else library_of_compiler())
    symbols = set(re.findall(rb"\0(icudt[0-9]+_dat)\0", content))
    start = HEADER.search(content).start()
    size = struct.unpack_from("<H", content, start)[0]
    # The header's size is a multiple of 16: the items keep their alignment.
    if len(symbols) != 1 or size % 16:
        raise SystemExit("icu_data: the data of ICU has an unknown form")
    header, rest = content[start : start + size], content[start + size :]
    everything = list(items(rest))
    prefix = everything[0][0].split("/")[0] + "/"
    chosen = [item for item in everything if wanted(item[0].removeprefix(prefix))]
    # Where the last item ends is not in the package.
    if chosen[-1][0] == everything[-1][0]:
        raise SystemExit(f"icu_data: the end of {chosen[-1][0]} is unknown")
    out.parent.mkdir(parents=True, exist_ok=True)
    data = package(header, chosen)
    if not out.exists() or out.read_bytes() != data:
        out.write_bytes(data)
    print(f"icu_data: {len(chosen)} of {len(everything)} items, {len(data):,} bytes", file=sys.stderr)
    print(symbols.pop().decode("ascii"))


if __name__ == "__main__":
    main()
