#!/usr/bin/env python3
"""Lists what a release's executable is made of.

    sbom.py VERSION COMMIT SWIFT SECONDS BUILD OUT

BUILD is the folder of the release build. Writes OUT/sbom.spdx.json (SPDX 2.3) and OUT/NOTICE (this
project's, then the licences and notices of the packages that are linked). Versions come from
Package.resolved, and the packages from the linker's list of object files: Package.resolved names more.
SECONDS since 1970 is the time of the document. The same inputs give the same bytes.
"""

import datetime
import hashlib
import json
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
CHECKOUTS = TOP / ".build/checkouts"


def linked(build):
    """The names of the checkouts whose objects are linked into the executable."""
    objects = (build / "bellwether.product/Objects.LinkFileList").read_text()
    modules = set(re.findall(r"/([^/\s]+)\.build/", objects))
    homes = set()
    for command in re.split(r'\n(?=  "[^"]+":\n)', (TOP / ".build/release.yaml").read_text()):
        outputs = re.search(r"outputs: \[(.*)\]", command)
        inputs = re.search(r"inputs: \[(.*)\]", command)
        if outputs and inputs and modules & set(re.findall(r"/([^/]+)\.build/", outputs[1])):
            homes |= set(re.findall(r"/\.build/checkouts/([^/\"]+)/", inputs[1]))
    return homes


def shared(binary):
    """The names of the shared libraries that the executable needs."""
    text = subprocess.run(["readelf", "-d", binary], capture_output=True, text=True, check=True).stdout
    return sorted(re.findall(r"\(NEEDED\).*\[(.+)\]", text))


def texts(folder, prefix):
    return [p for p in sorted(folder.iterdir()) if p.is_file() and p.name.upper().startswith(prefix)]


def licence(folder):
    """The SPDX identifier of the folder's licence."""
    text = " ".join(texts(folder, "LICEN")[0].read_text(encoding="utf-8").split())
    if "Apache License Version 2.0" in text:
        return "Apache-2.0 WITH Swift-exception" if "Runtime Library Exception" in text else "Apache-2.0"
    if "Permission is hereby granted, free of charge" in text:
        return "MIT"
    raise SystemExit(f"sbom: {folder} has a licence that this script does not know")


def package(identity, name, version, location, declared):
    return {
        "SPDXID": "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", identity),
        "name": name,
        "versionInfo": version,
        "downloadLocation": location,
        "filesAnalyzed": False,
        "licenseConcluded": declared,
        "licenseDeclared": declared,
        "copyrightText": "NOASSERTION",
    }


def main():
    version, commit, swift, seconds, build, out = sys.argv[1:]
    build, out = pathlib.Path(build), pathlib.Path(out)
    binary = build / "bellwether"
    homes = {name.lower().removesuffix(".git"): name for name in linked(build)}
    pins = json.loads((TOP / "Package.resolved").read_text())["pins"]

    packages = [package("bellwether", "bellwether", version, "NOASSERTION", "Apache-2.0")]
    packages[0]["sourceInfo"] = f"commit {commit}"
    packages[0]["checksums"] = [
        {"algorithm": "SHA256", "checksumValue": hashlib.sha256(binary.read_bytes()).hexdigest()}
    ]
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", packages[0]["SPDXID"])]
    notices = [(TOP / "NOTICE").read_text(encoding="utf-8")]
    for pin in sorted(pins, key=lambda pin: pin["identity"]):
        name = homes.pop(pin["identity"], None)
        if name is None:
            continue
        number = pin["state"].get("version") or pin["state"]["revision"]
        declared = licence(CHECKOUTS / name)
        one = package(pin["identity"], pin["identity"], number, pin["location"], declared)
        host = re.sub(r"^https://|\.git$", "", pin["location"])
        one["externalRefs"] = [
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": f"pkg:swift/{host}@{number}",
            }
        ]
        packages.append(one)
        relations.append((packages[0]["SPDXID"], "STATIC_LINK", one["SPDXID"]))
        notices.append(f"{'=' * 100}\n{pin['identity']} {number}, {pin['location']} ({declared})\n")
        for file in texts(CHECKOUTS / name, "NOTICE"):
            notices.append(file.read_text(encoding="utf-8").strip() + "\n")
        if declared == "MIT":
            for file in texts(CHECKOUTS / name, "LICEN"):
                notices.append(file.read_text(encoding="utf-8").strip() + "\n")
    if homes:
        raise SystemExit(f"sbom: Package.resolved lacks {sorted(homes)}: run swift package resolve")
    runtime = package(
        "swift-runtime", "swift-runtime", swift, "https://www.swift.org/download/",
        "Apache-2.0 WITH Swift-exception AND Unicode-3.0")
    runtime["comment"] = "The standard library, Dispatch, Foundation and its copy of ICU."
    packages.append(runtime)
    relations.append((packages[0]["SPDXID"], "STATIC_LINK", runtime["SPDXID"]))
    notices.append(
        f"{'=' * 100}\nSwift {swift}: standard library, Dispatch, Foundation, https://www.swift.org "
        "(Apache-2.0 WITH Swift-exception);\nICU, https://icu.unicode.org (Unicode-3.0)\n")
    for library in shared(binary):
        one = package(library, library, "NOASSERTION", "NOASSERTION", "NOASSERTION")
        one["comment"] = "A shared library of the system that runs the executable."
        packages.append(one)
        relations.append((packages[0]["SPDXID"], "DYNAMIC_LINK", one["SPDXID"]))

    created = datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc)
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"bellwether-{version}",
        "documentNamespace": "https://bellwether.invalid/spdx/"
        + f"{version}/{packages[0]['checksums'][0]['checksumValue']}",
        "creationInfo": {
            "created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Tool: Scripts/sbom.py"],
        },
        "packages": packages,
        "relationships": [
            {"spdxElementId": a, "relationshipType": kind, "relatedSpdxElement": b}
            for a, kind, b in relations
        ],
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / "sbom.spdx.json").write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")
    (out / "NOTICE").write_text("\n".join(notices), encoding="utf-8")


main()
