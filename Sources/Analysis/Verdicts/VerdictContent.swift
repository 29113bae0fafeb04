import Core
public import Events
import JSON

/// The content of a verdict document before it is cut to its maximum size.
struct VerdictContent {
    /// The objects and fields that are always present, in the documented order.
    private static let documented: [(object: String, fields: [String])] = [
        ("canary", ["5xx_rate", "p99_ms"]),
        ("stable", ["5xx_rate", "p99_ms"]),
        ("gateway", ["disk_ok", "queue_depth", "worker_reachable"]),
    ]
    /// Names that no object of signals may have, because the document uses them.
    private static let reserved: Set<String> = [
        "status", "degraded", "summary", "rollout", "namespace", "concern", "attempt", "reasons",
        "reasons_omitted", "signals_omitted", "score", "window", "event", "policy",
        "policy_name", "scope", "binary", "schema", "signals",
    ]
    /// The object of signals whose name has no object part or is reserved.
    private static let otherwise = "signals"

    private let judgement: Judgement
    private let request: MeasurementRequest
    private let concern: String
    private let attempt: AttemptNumber
    private let gateway: GatewayIdentity
    private let window: MeasurementWindow
    private let event: String
    private let policy: Policy
    private var scope: [ProbeScope]
    private var reasons: [Reason]
    private var objects: [(name: String, fields: [Field])]
    /// The numbers of removed reasons and signals.
    private var omittedReasons = 0
    private var omittedSignals = 0

    private struct Field {
        let name: String
        let value: Signal.Value?
        let isDocumented: Bool
    }

    init(
        judgement: Judgement, request: MeasurementRequest, concern: String,
        attempt: AttemptNumber, signals: SignalBoard, gateway: GatewayIdentity,
        window: MeasurementWindow, event: String, policy: Policy, scope: [ProbeScope]
    ) {
        self.judgement = judgement
        self.request = request
        self.concern = concern
        self.attempt = attempt
        self.gateway = gateway
        self.window = window
        self.event = event
        self.policy = policy
        self.scope = Array(scope.prefix(ProbeScope.most))
        reasons = judgement.reasons.map { reason in
            var reason = reason
            reason.detail = reason.detail.cut(to: 200, .utf8)
            reason.why = reason.why.cut(to: 64, .utf8)
            return reason
        }
        objects = Self.objects(of: signals)
    }

    /// The objects in output order: documented ones first, then the others by name.
    ///
    /// The fields of an object have the same order.
    private static func objects(of board: SignalBoard) -> [(name: String, fields: [Field])] {
        var further: [String: [Field]] = [:]
        var known: Set<String> = []
        var objects = documented.map { entry in
            let fields = entry.fields.map { field in
                let name = "\(entry.object).\(field)"
                known.insert(name)
                return Field(name: field, value: board[name]?.value, isDocumented: true)
            }
            return (name: entry.object, fields: fields)
        }
        let identity: Set<String> = ["gateway.node", "gateway.az"]
        let aliases: Set<String> = ["canary.error_rate_5xx", "stable.error_rate_5xx"]
        for signal in board.signals where !known.contains(signal.name) {
            let hasPlace =
                !signal.field.isEmpty && !signal.object.isEmpty
                && !reserved.contains(String(signal.object))
                && !identity.contains(signal.name) && !aliases.contains(signal.name)
            let object = hasPlace ? String(signal.object) : otherwise
            let name = hasPlace ? String(signal.field) : signal.name
            further[object, default: []].append(
                Field(name: name, value: signal.value, isDocumented: false))
        }
        for index in objects.indices {
            let more = further.removeValue(forKey: objects[index].name) ?? []
            objects[index].fields += more.sorted { $0.name < $1.name }
        }
        for (name, fields) in further.sorted(by: { $0.key < $1.key }) {
            objects.append((name, fields.sorted { $0.name < $1.name }))
        }
        return objects
    }

    // MARK: - Fitting

    /// The document's bytes, with parts removed until they fit into `limit`.
    ///
    /// Removed in this order: the probes' texts, reasons after the three most
    /// severe, undocumented signals, the other reasons, the scope. The document contains
    /// the numbers of removed reasons and signals.
    func fitted(to limit: Int) -> [UInt8] {
        var content = self
        var bytes = content.bytes
        if bytes.count > limit {
            for index in content.reasons.indices { content.reasons[index].detail = "" }
            // A reason takes at least 80 bytes, so more than this cannot fit.
            content.keepReasons(limit / 80)
            bytes = content.bytes
        }
        while bytes.count > limit, content.cut() { bytes = content.bytes }
        return bytes
    }

    private mutating func keepReasons(_ count: Int) {
        omittedReasons += max(reasons.count - count, 0)
        reasons = Array(reasons.prefix(count))
    }

    /// Removes the least important reason or signal; false if none may be removed.
    private mutating func cut() -> Bool {
        if reasons.count > 3 {
            keepReasons(reasons.count - 1)
            return true
        }
        let spare = objects.lastIndex { object in object.fields.contains { !$0.isDocumented } }
        if let spare {
            objects[spare].fields.removeLast()
            omittedSignals += 1
            if objects[spare].fields.isEmpty { objects.remove(at: spare) }
            return true
        }
        if !reasons.isEmpty {
            keepReasons(reasons.count - 1)
            return true
        }
        return scope.popLast() != nil
    }

    // MARK: - Bytes

    private var bytes: [UInt8] {
        var writer = JSONWriter(capacity: 1536)
        writer.object { w in
            w.member("status", judgement.status.rawValue)
            w.member("degraded", judgement.status.isDegraded)
            w.member(
                "summary", VerdictSummary.text(judgement, attempt: attempt, gateway: gateway))
            w.member("rollout", request.rollout)
            w.member("namespace", request.namespace)
            w.member("concern", concern.isEmpty ? "all" : concern)
            w.member(object: "attempt") { w in
                w.member("n", attempt.n)
                w.member("epoch", attempt.epoch)
                w.member("source", attempt.source.rawValue)
            }
            for object in objects {
                w.member(object: object.name) { w in
                    if object.name == "gateway" {
                        w.member("node", gateway.node)
                        w.member("az", gateway.az)
                    }
                    for field in object.fields { write(field, of: object.name, to: &w) }
                }
            }
            w.member(array: "reasons") { w in for reason in reasons { reason.write(to: &w) } }
            w.member("reasons_omitted", omittedReasons)
            w.member("signals_omitted", omittedSignals)
            w.member("score", judgement.score.map { Int($0.rounded()) })
            w.member(object: "window") { w in
                w.member("start", window.start.rfc3339)
                w.member("end", window.end.rfc3339)
            }
            w.member("event", event)
            w.member("policy", policy.sha)
            w.member("policy_name", policy.name)
            w.member(object: "scope") { w in
                for probe in scope {
                    w.member(array: probe.probe) { w in
                        for argument in probe.arguments { w.value(argument) }
                    }
                }
            }
            w.member("binary", gateway.binary)
            w.member("schema", 1)
        }
        return writer.bytes
    }

    private func write(_ field: Field, of object: String, to w: inout JSONWriter) {
        w.member(field.name, field.value)
        // Argo's expressions cannot name a field that begins with a digit.
        if field.name == "5xx_rate", object == "canary" || object == "stable" {
            w.member("error_rate_5xx", field.value)
        }
    }
}

extension JSONWriter {
    fileprivate mutating func member(_ name: String, _ signal: Signal.Value?) {
        switch signal {
        case .number(let number): member(name, number)
        case .flag(let flag): member(name, flag)
        case .absent, nil: member(name, JSONValue.null)
        }
    }
}

/// By what a probe selects the data of one rollout; an element of the document's `scope`.
public struct ProbeScope: Sendable, Hashable {
    /// The most probes in one document.
    public static let most = 8

    public let probe: String
    /// The arguments that the probe uses; empty: it has the same data for all rollouts.
    public let arguments: [String]

    public init(probe: String, arguments: [String]) {
        self.probe = probe
        self.arguments = arguments
    }

    /// The scopes in the document of a verdict's event.
    public static func all(in event: Event) -> [ProbeScope] {
        (event.extra("document")?["scope"]?.members ?? []).map { probe in
            ProbeScope(
                probe: probe.key,
                arguments: (probe.value.elements ?? []).compactMap(\.string))
        }
    }
}
