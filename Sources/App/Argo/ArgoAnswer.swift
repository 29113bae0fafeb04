/// The answers of a gateway as Argo's conditions see them.
///
/// Only what every answer with a status has in common is known: the status, the beginning of the
/// summary, and which members there are.
enum ArgoAnswer {
    /// The statuses in display order.
    static let statuses = ["healthy", "degraded", "unknown", "unhealthy"]

    /// The verdict document with a status.
    static func document(_ status: String) -> ArgoValue {
        func text(_ name: String) -> ArgoValue { .varies(.text, name: name) }
        func whole(_ name: String) -> ArgoValue { .varies(.decimal, name: name) }
        let members: [String: ArgoValue] = [
            "status": .text(status),
            "degraded": .flag(status != "healthy"),
            "summary": .beginning("\(status): ", name: "summary"),
            "rollout": text("rollout"), "namespace": text("namespace"),
            "concern": text("concern"),
            "attempt": .map(
                [
                    "n": whole("attempt.n"), "epoch": whole("attempt.epoch"),
                    "source": text("attempt.source"),
                ], others: nil),
            "canary": signals("canary"), "stable": signals("stable"),
            "gateway": gateway,
            "reasons": .varies(.list, name: "reasons"),
            "reasons_omitted": whole("reasons_omitted"),
            "signals_omitted": whole("signals_omitted"),
            "score": .varies([.null, .decimal], name: "score"),
            "window": .map(
                ["start": text("window.start"), "end": text("window.end")], others: nil),
            "event": text("event"), "policy": text("policy"), "policy_name": text("policy_name"),
            "scope": .map([:], others: "scope"), "binary": text("binary"), "schema": .decimal(1),
        ]
        return .map(members, others: "result")
    }

    /// The members that every document has.
    static var members: Set<String> {
        guard case .map(let members, _) = document("healthy") else { return [] }
        return Set(members.keys)
    }

    private static func signals(_ object: String) -> ArgoValue {
        let names = ["5xx_rate", "error_rate_5xx", "p99_ms"]
        return .map(
            Dictionary(
                uniqueKeysWithValues: names.map {
                    ($0, .varies([.null, .decimal], name: "\(object).\($0)"))
                }), others: object)
    }

    private static var gateway: ArgoValue {
        .map(
            [
                "node": .varies(.text, name: "gateway.node"),
                "az": .varies(.text, name: "gateway.az"),
                "disk_ok": .varies([.null, .flag], name: "gateway.disk_ok"),
                "queue_depth": .varies([.null, .decimal], name: "gateway.queue_depth"),
                "worker_reachable": .varies([.null, .flag], name: "gateway.worker_reachable"),
            ], others: "gateway")
    }

    /// The value that a JSON path selects: `result` in the conditions.
    ///
    /// Member names and indices are supported. Source: `util/jsonpath` of client-go.
    static func select(
        _ path: String?, in document: ArgoValue
    ) throws(ArgoExpression.Stop) -> ArgoValue {
        guard let path, !path.isEmpty else { return document }
        guard path.hasPrefix("{"), path.hasSuffix("}") else {
            guard !path.contains("{") else {
                throw .undecided("the text beside the braces of jsonPath")
            }
            // Text outside of braces stands for itself.
            return .text(path)
        }
        var rest = path.dropFirst().dropLast()[...]
        while rest.first == " " { rest = rest.dropFirst() }
        while rest.last == " " { rest = rest.dropLast() }
        guard !rest.contains(where: { "{}".contains($0) }), !rest.contains("..") else {
            throw .undecided("jsonPath \(path)")
        }
        if rest.first == "$" { rest = rest.dropFirst() }
        var value = document
        while !rest.isEmpty {
            guard
                let step = rest.prefixMatch(
                    of: #/\.?\['([^'\]]+)'\]|\.([A-Za-z0-9_-]+)|\[(-?[0-9]{1,6})\]/#)
            else { throw .undecided("jsonPath \(path)") }
            rest = rest[step.range.upperBound...]
            if let index = step.output.3 {
                value = try element(Int(index) ?? 0, of: value, path)
            } else {
                value = try member(String(step.output.1 ?? step.output.2 ?? ""), of: value, path)
            }
        }
        return value
    }

    private static func member(
        _ name: String, of value: ArgoValue, _ path: String
    ) throws(ArgoExpression.Stop) -> ArgoValue {
        switch value {
        case .map(let members, let others):
            if let member = members[name] { return member }
            guard let others else { throw .error("jsonPath \(path): \(name) is not found") }
            // A gateway adds objects only, never values beside the documented ones.
            if others == "result" {
                throw .undecided("jsonPath \(path): \(name) is only there if a probe measures it")
            }
            throw .undecided(
                "jsonPath \(path): \(others).\(name) is only there if a probe measures it")
        case .varies(let kinds, let own) where kinds.contains(.map):
            throw .undecided("jsonPath \(path): it depends on \(own)")
        default: throw .error("jsonPath \(path): \(name) is not found")
        }
    }

    private static func element(
        _ index: Int, of value: ArgoValue, _ path: String
    ) throws(ArgoExpression.Stop) -> ArgoValue {
        switch value {
        case .list(let elements):
            let place = index < 0 ? elements.count + index : index
            guard elements.indices.contains(place) else {
                throw .error("jsonPath \(path): index \(index) is out of bounds")
            }
            return elements[place]
        case .varies(let kinds, let name) where kinds.contains(.list):
            throw .undecided("jsonPath \(path): \(name) may have no element \(index)")
        default: throw .error("jsonPath \(path): not a list")
        }
    }
}
