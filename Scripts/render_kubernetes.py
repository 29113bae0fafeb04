#!/usr/bin/env python3
"""Renders the Kubernetes objects that this project deploys, for checks.

    render_kubernetes.py FOLDER

Lints the Helm chart, and writes to FOLDER one file for the chart's default values, one for each file in
its ci/, and one for each Kustomize overlay if kubectl is installed. Checks what no schema says: that
selectors find their pods, that mounted volumes exist, that each certificate names each service, that a
changed configuration restarts its pods and has only keys that exist, that each pod has a NetworkPolicy, and
that Prometheus finds every node and trusts it.
"""

import pathlib
import re
import shutil
import subprocess
import sys

import helm_python
import yaml

TOP = pathlib.Path(__file__).resolve().parent.parent
CHART = TOP / "Config/helm/bellwether"
OVERLAYS = TOP / "Config/kubernetes/overlays"
REFERENCE = TOP / "docs/configuration.md"
# What the chart and the overlays together contain, at least once each.
KINDS = {
    "Certificate", "ConfigMap", "Issuer", "NetworkPolicy", "PodDisruptionBudget", "Service", "ServiceMonitor",
    "StatefulSet",
}


def fail(message):
    raise SystemExit(f"render_kubernetes: {message}")


def chart():
    """Yields a name and the objects for each set of values."""
    for file in [None, *sorted((CHART / "ci").glob("*.yaml"))]:
        values = yaml.safe_load(file.read_text()) if file else {}
        report = helm_python.lint(str(CHART), values, strict=True, namespace="bellwether")
        faults = [m for m in report["messages"] if m["severity"] > 1] + report["errors"]
        if faults:
            fail(f"{file}: {faults}")
        loaded = helm_python.Chart.load(str(CHART))
        rendered = loaded.render(values, name="bellwether", namespace="bellwether")
        texts = [text for name, text in sorted(rendered.items()) if name.endswith(".yaml")]
        yield f"helm-{file.stem if file else 'default'}", [
            one for text in texts for one in yaml.safe_load_all(text) if one
        ]


def kustomize():
    if not shutil.which("kubectl"):
        print("render_kubernetes: no kubectl, the overlays are not rendered", file=sys.stderr)
        return
    for folder in sorted(OVERLAYS.iterdir()):
        text = subprocess.run(
            ["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=True
        ).stdout
        yield f"kustomize-{folder.name}", [one for one in yaml.safe_load_all(text) if one]


def sections():
    """The keys of each section of the configuration reference."""
    found, keys = {}, set()
    for line in REFERENCE.read_text().splitlines():
        if heading := re.match(r"## (.+)", line):
            keys = found.setdefault(heading[1], set())
        elif row := re.match(r"\| `([a-z0-9_]+)` \|", line):
            keys.add(row[1])
    return found


def unknown(value, section, known):
    """Yields the keys of a configuration that the reference does not have."""
    for key, inner in value.items():
        below = key if section == "The top" else f"{section}.{key}"
        if key not in known[section]:
            yield f"{section}: {key}"
        elif isinstance(inner, dict) and below in known:
            yield from unknown(inner, below, known)
        elif isinstance(inner, dict) and f"{below}.NAME" in known:
            for one in inner.values():
                if isinstance(one, dict):
                    yield from unknown(one, f"{below}.NAME", known)
        elif isinstance(inner, list) and f"{below}[]" in known:
            for one in inner:
                if isinstance(one, dict):
                    yield from unknown(one, f"{below}[]", known)


def check_configuration(name, title, one, known):
    for file, text in one["data"].items():
        if file.endswith(".yaml"):
            for fault in unknown(yaml.safe_load(text) or {}, "The top", known):
                fail(f"{name}: {title}/{file}: the configuration has no key {fault}")


def check(name, objects):
    named = {(one["kind"], one["metadata"]["name"]): one for one in objects}
    if len(named) != len(objects):
        fail(f"{name}: two objects have one name")
    pods, known = [], sections()
    for (kind, title), one in named.items():
        if kind == "ConfigMap":
            check_configuration(name, title, one, known)
        if kind != "StatefulSet":
            continue
        pod = one["spec"]["template"]
        pods.append(pod["metadata"]["labels"])
        volumes = {v["name"] for v in pod["spec"]["volumes"]}
        volumes |= {c["metadata"]["name"] for c in one["spec"].get("volumeClaimTemplates", [])}
        container = pod["spec"]["containers"][0]
        if volumes != {m["name"] for m in container["volumeMounts"]}:
            fail(f"{name}: {title}: volumes and mounts differ")
        if any("subPath" in m for m in container["volumeMounts"]):
            fail(f"{name}: {title}: a subPath is never updated")
        for volume in pod["spec"]["volumes"]:
            if "configMap" in volume and ("ConfigMap", volume["configMap"]["name"]) not in named:
                fail(f"{name}: {title}: no ConfigMap {volume['configMap']['name']}")
        # By an annotation, or by the hash that Kustomize puts into the name of the ConfigMap.
        source = next(v["configMap"]["name"] for v in pod["spec"]["volumes"] if v["name"] == "config")
        annotations = pod["metadata"].get("annotations", {})
        if "checksum/config" not in annotations and not re.search("-[0-9a-z]{10}$", source):
            fail(f"{name}: {title}: a changed configuration does not restart it")
        service = named.get(("Service", one["spec"]["serviceName"]))
        if not service:
            fail(f"{name}: {title}: no Service {one['spec']['serviceName']}")
        if one["spec"]["replicas"] > 1:
            check_pair(name, title, one["spec"], service["spec"], named)
    if not pods:
        fail(f"{name}: no StatefulSet")
    for labels in pods:
        policies = [
            one["spec"]["podSelector"]["matchLabels"]
            for (kind, _), one in named.items()
            if kind == "NetworkPolicy"
        ]
        if not any(wanted.items() <= labels.items() for wanted in policies):
            fail(f"{name}: no NetworkPolicy selects a pod with {labels}")
    names = [
        host
        for (kind, title), one in named.items()
        if kind == "Certificate"
        for host in one["spec"].get("dnsNames", [])
    ]
    check_monitoring(name, named, names)
    for (kind, title), one in named.items():
        spec = one.get("spec", {})
        wanted, most = None, len(pods)
        if kind == "Service":
            wanted, most = spec["selector"], 1
            if f"{title}.bellwether.svc" not in names:
                fail(f"{name}: the certificate lacks {title}.bellwether.svc")
        elif kind in ("PodDisruptionBudget", "StatefulSet"):
            wanted = spec["selector"]["matchLabels"]
            most = 1 if kind == "StatefulSet" else most
        elif kind == "NetworkPolicy":
            wanted = spec["podSelector"]["matchLabels"]
        if wanted is not None:
            found = sum(wanted.items() <= labels.items() for labels in pods)
            if not 1 <= found <= most:
                fail(f"{name}: {kind} {title} selects {found} pods")


def check_monitoring(name, named, names):
    """Checks that a ServiceMonitor finds a Service of each StatefulSet, by a name of the certificate."""
    for (kind, title), one in named.items():
        if kind != "ServiceMonitor":
            continue
        wanted = one["spec"]["selector"]["matchLabels"]
        ports = {endpoint["port"] for endpoint in one["spec"]["endpoints"]}
        for endpoint in one["spec"]["endpoints"]:
            if endpoint["tlsConfig"]["serverName"] not in names:
                fail(f"{name}: {title}: the certificate lacks {endpoint['tlsConfig']['serverName']}")
        found = [
            service["spec"]["selector"]
            for (other, _), service in named.items()
            if other == "Service"
            and wanted.items() <= service["metadata"].get("labels", {}).items()
            and ports <= {port["name"] for port in service["spec"]["ports"]}
        ]
        for (other, stateful), owner in named.items():
            labels = owner["spec"]["template"]["metadata"]["labels"] if other == "StatefulSet" else None
            if labels and sum(selector.items() <= labels.items() for selector in found) != 1:
                fail(f"{name}: {title} does not find {stateful} once")


def check_pair(name, title, spec, service, named):
    """Checks two notifiers: each has a name of its own, which is in the certificate."""
    if spec["replicas"] != 2 or service.get("clusterIP") != "None":
        fail(f"{name}: {title}: only two pods behind a headless Service are a pair")
    if "volumeClaimTemplates" in spec:
        fail(f"{name}: {title}: a pair needs no volumes")
    hosts = [f"{title}-{n}.{spec['serviceName']}.bellwether.svc" for n in (0, 1)]
    names = [
        host
        for (kind, _), one in named.items()
        if kind == "Certificate"
        for host in one["spec"].get("dnsNames", [])
    ]
    texts = [
        "".join(one["data"].values()) for (kind, _), one in named.items() if kind == "ConfigMap"
    ]
    for host in hosts:
        if host not in names:
            fail(f"{name}: the certificate lacks {host}")
        if not any(f"https://{host}:8443" in text for text in texts):
            fail(f"{name}: no gateway forwards to {host}")


def main():
    helm_python.disable_logging()
    out = pathlib.Path(sys.argv[1])
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    seen = {}
    for name, objects in [*chart(), *kustomize()]:
        check(name, objects)
        kinds = seen.setdefault(name.split("-")[0], set())
        kinds |= {one["kind"] for one in objects}
        kinds |= {"dashboard" for one in objects if "grafana_dashboard" in one["metadata"].get("labels", {})}
        (out / f"{name}.yaml").write_text(yaml.safe_dump_all(objects))
    for source, kinds in seen.items():
        if missing := (KINDS | {"dashboard"}) - kinds:
            fail(f"{source}: nothing renders {', '.join(sorted(missing))}")


main()
