import Events
import JSON

extension Bookmark {
    func write(to w: inout JSONWriter) {
        w.member("schema", 1)
        w.member("name", name)
        w.member("taken_at", takenAt.rfc3339)
        w.key("balancer")
        if let source { source.write(to: &w) } else { w.null() }
        w.member(array: "weights") { w in
            for weight in weights {
                w.object { w in
                    w.member("target", weight.target)
                    w.member("weight", weight.value)
                    w.member("up", weight.isUp)
                }
            }
        }
        w.member(array: "canary") { w in for target in canary { w.value(target) } }
        w.member("shifts", shifts)
        w.key("probe")
        if let probe { probe.write(to: &w) } else { w.null() }
        w.key("rollout")
        if let rollout { rollout.write(to: &w) } else { w.null() }
        w.member("min_stable_pods", minStablePods)
    }

    /// Returns nil for anything but a bookmark, and when the hash does not match its content.
    init?(bytes: [UInt8]) {
        guard
            let tree = try? JSONValue(
                parsing: bytes, limits: JSONLimits(maxBytes: 4 << 20, maxDepth: 16)),
            tree["schema"]?.integer == 1, let name = tree["name"]?.string,
            let takenAt = tree["taken_at"]?.string.flatMap({ Timestamp(rfc3339: $0) }),
            case .array(let weights)? = tree["weights"], case .array(let canary)? = tree["canary"]
        else { return nil }
        self.init(
            name: name, takenAt: takenAt, source: tree["balancer"].flatMap(BalancerSource.init),
            weights: weights.compactMap { weight in
                guard let target = weight["target"]?.string, let value = weight.whole("weight")
                else { return nil }
                return Weight(target, value, isUp: weight["up"]?.bool ?? true)
            },
            canary: canary.compactMap(\.string), shifts: tree["shifts"]?.bool ?? false,
            probe: tree["probe"].flatMap(UserPath.init),
            rollout: tree["rollout"].flatMap(RolloutFacts.init),
            minStablePods: tree.whole("min_stable_pods") ?? 1)
        guard tree["sha256"]?.string == digest else { return nil }
    }
}

extension BalancerSource {
    fileprivate func write(to w: inout JSONWriter) {
        w.object { w in
            switch self {
            case .haproxy(let socket, let backend):
                w.member("kind", "haproxy")
                w.member("socket", socket)
                w.member("backend", backend)
            case .http(let url, let method, let pointers, let caFile):
                w.member("kind", "http")
                w.member("url", url)
                w.member("method", method)
                w.member(object: "pointers") { w in
                    for (target, pointer) in pointers.sorted(by: { $0.key < $1.key }) {
                        w.member(target, pointer)
                    }
                }
                w.member("ca_file", caFile)
            case .command(let path):
                w.member("kind", "command")
                w.member("path", path)
            }
        }
    }

    fileprivate init?(_ tree: JSONValue) {
        switch tree["kind"]?.string {
        case "haproxy":
            self = .haproxy(
                socket: tree["socket"]?.string ?? "", backend: tree["backend"]?.string ?? "")
        case "http":
            guard case .object(let members)? = tree["pointers"] else { return nil }
            self = .http(
                url: tree["url"]?.string ?? "", method: tree["method"]?.string ?? "PUT",
                pointers: Dictionary(
                    members.map { ($0.key, $0.value.string ?? "") },
                    uniquingKeysWith: { first, _ in first }),
                caFile: tree["ca_file"]?.string ?? "")
        case "command": self = .command(path: tree["path"]?.string ?? "")
        default: return nil
        }
    }
}

extension UserPath {
    fileprivate func write(to w: inout JSONWriter) {
        w.object { w in
            w.member("url", url)
            w.member("status", status)
            w.member("contains", contains)
            w.member("times", times)
            w.member("ca_file", caFile)
        }
    }

    fileprivate init?(_ tree: JSONValue) {
        guard let url = tree["url"]?.string else { return nil }
        self.init(
            url: url, status: tree.whole("status") ?? 200,
            contains: tree["contains"]?.string ?? "", times: tree.whole("times") ?? 1,
            caFile: tree["ca_file"]?.string ?? "")
    }
}

extension RolloutFacts {
    fileprivate func write(to w: inout JSONWriter) {
        w.object { w in
            w.member("namespace", namespace)
            w.member("name", name)
            w.member("uid", uid)
            w.member("revision", revision)
            w.member("stable_hash", stableHash)
            w.member("canary_hash", canaryHash)
            w.member("step", step)
            w.member("phase", phase)
            w.member("aborted", isAborted)
            w.member("stable_pods", stablePods)
            w.member("argo", argo)
            // For people; they are not read back.
            w.member(array: "abort") { w in for word in abort { w.value(word) } }
            w.member(array: "retry") { w in for word in retry { w.value(word) } }
        }
    }

    fileprivate init?(_ tree: JSONValue) {
        guard let namespace = tree["namespace"]?.string, let name = tree["name"]?.string else {
            return nil
        }
        let text = { (key: String) in tree[key]?.string ?? "" }
        self.init(
            namespace: namespace, name: name, uid: text("uid"), revision: text("revision"),
            stableHash: text("stable_hash"), canaryHash: text("canary_hash"),
            step: tree.whole("step"), phase: text("phase"),
            isAborted: tree["aborted"]?.bool ?? false, stablePods: tree.whole("stable_pods") ?? 0,
            argo: text("argo"))
    }
}

extension JSONValue {
    fileprivate func whole(_ key: String) -> Int? {
        self[key]?.integer.flatMap { Int(exactly: $0) }
    }
}
