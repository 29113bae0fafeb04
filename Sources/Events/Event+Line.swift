import JSONScan

/// Why a line is JSON but not an event.
public enum EventFault: Error, Equatable, Sendable, CustomStringConvertible {
    case json(JSONFault)
    case missing(field: String)
    /// The field is there with a value it can't have.
    case invalid(field: String, expected: String)

    public var description: String {
        switch self {
        case .json(let fault): fault.description
        case .missing(let field): "field \"\(field)\" is missing"
        case .invalid(let field, let expected): "field \"\(field)\" must be \(expected)"
        }
    }
}

extension Event {
    /// Decodes one line (without its newline). Throws for broken JSON, a missing
    /// `event` or `ts`, and a known field of the wrong type.
    public init(line: UnsafeRawBufferPointer) throws(EventFault) {
        let tree: JSONValue
        do { tree = try JSONValue(parsing: line, limits: .event) } catch { throw .json(error) }
        try self.init(tree: tree)
    }

    public init(line: [UInt8]) throws(EventFault) {
        let tree: JSONValue
        do { tree = try JSONValue(parsing: line, limits: .event) } catch { throw .json(error) }
        try self.init(tree: tree)
    }

    init(tree: JSONValue) throws(EventFault) {
        guard case .object(let members) = tree else { throw .json(JSONFault(.notAnObject, at: 0)) }
        var ts: Timestamp?
        var name: String?
        self.init(ts: Timestamp(milliseconds: 0), event: "")
        for member in members {
            let field = Field(member)
            switch member.key {
            case "v": break
            case "id": id = try field.text() ?? ""
            case "ts": ts = try field.timestamp()
            case "level": level = try field.choice(Level.self) ?? .info
            case "event": name = try field.text()
            case "node": node = try field.text()
            case "az": az = try field.text()
            case "epoch": epoch = try field.text()
            case "seq": seq = try field.sequence()
            case "namespace": namespace = try field.text()
            case "rollout": rollout = try field.text()
            case "revision": revision = try field.text()
            case "concern": concern = try field.text()
            case "attempt": attempt = try field.whole()
            case "status":
                // Refusals carry an empty status.
                status = field.isEmptyText ? nil : try field.choice(VerdictStatus.self)
            case "deltas": deltas = try field.list(MetricDelta.init(tree:))
            case "reasons": reasons = try field.list(Reason.init(tree:))
            case "message": message = try field.text()
            case "policy": policy = try field.text()
            case "binary": binary = try field.text()
            default: extra.append(member)
            }
        }
        guard let ts else { throw .missing(field: "ts") }
        guard let name, !name.isEmpty else { throw .missing(field: "event") }
        self.ts = ts
        event = name
    }

    /// The line of this event, newline excluded. Absent fields are left out.
    public var line: [UInt8] {
        var writer = JSONWriter(capacity: 640)
        writer.object { w in
            w.member("v", 1)
            if !id.isEmpty { w.member("id", id) }
            w.member("ts", ts.rfc3339)
            w.member("level", level.rawValue)
            w.member("event", event)
            w.present("node", node)
            w.present("az", az)
            w.present("epoch", epoch)
            if let seq {
                w.key("seq")
                w.value(seq)
            }
            w.present("namespace", namespace)
            w.present("rollout", rollout)
            w.present("revision", revision)
            w.present("concern", concern)
            if let attempt { w.member("attempt", attempt) }
            w.present("status", status?.rawValue)
            if !deltas.isEmpty {
                w.member(array: "deltas") { w in for delta in deltas { delta.write(to: &w) } }
            }
            if !reasons.isEmpty {
                w.member(array: "reasons") { w in for reason in reasons { reason.write(to: &w) } }
            }
            w.present("message", message)
            w.present("policy", policy)
            w.present("binary", binary)
            for member in extra { w.member(member.key, member.value) }
        }
        return writer.bytes
    }
}

extension JSONWriter {
    fileprivate mutating func present(_ key: String, _ text: String?) {
        if let text { member(key, text) }
    }
}

extension MetricDelta {
    init(tree: JSONValue) throws(EventFault) {
        guard let metric = tree["metric"]?.string, !metric.isEmpty else {
            throw .missing(field: "deltas.metric")
        }
        self.init(
            metric: metric, value: tree["value"]?.double, previous: tree["previous"]?.double,
            stable: tree["stable"]?.double, limit: tree["limit"]?.double,
            unit: tree["unit"]?.string.flatMap(MetricUnit.init(rawValue:))
                ?? MetricUnit(metricName: metric),
            state: tree["state"]?.string.flatMap(CheckState.init(rawValue:)) ?? .pass)
    }

    func write(to w: inout JSONWriter) {
        w.object { w in
            w.member("metric", metric)
            w.member("value", value)
            w.member("previous", previous)
            w.member("stable", stable)
            w.member("limit", limit)
            w.member("unit", unit.rawValue)
            w.member("state", state.rawValue)
        }
    }
}

extension Reason {
    init(tree: JSONValue) throws(EventFault) {
        guard let check = tree["check"]?.string else { throw .missing(field: "reasons.check") }
        self.init(
            check: check,
            state: tree["state"]?.string.flatMap(CheckState.init(rawValue:)) ?? .warn,
            value: tree["value"]?.double, limit: tree["limit"]?.double,
            stable: tree["stable"]?.double, previous: tree["previous"]?.double,
            why: tree["why"]?.string ?? "", detail: tree["detail"]?.string ?? "",
            advisory: tree["advisory"]?.bool ?? false)
    }

    /// Writes the reason as the verdict document and the event show it.
    public func write(to w: inout JSONWriter) {
        w.object { w in
            w.member("check", check)
            w.member("state", state.rawValue)
            w.member("value", value)
            w.member("limit", limit)
            w.member("stable", stable)
            w.member("previous", previous)
            w.member("why", why)
            if !detail.isEmpty { w.member("detail", detail) }
            if advisory { w.member("advisory", true) }
        }
    }
}

/// Typed reading of one member; `null` reads as absent.
private struct Field {
    let key: String
    let value: JSONValue

    init(_ member: JSONValue.Member) {
        key = member.key
        value = member.value
    }

    var isEmptyText: Bool { value == .string("") }

    func text() throws(EventFault) -> String? {
        switch value {
        case .null: return nil
        case .string(let text): return text
        case .number(let text): return text
        default: throw .invalid(field: key, expected: "a string")
        }
    }

    func timestamp() throws(EventFault) -> Timestamp? {
        guard let text = try text() else { return nil }
        guard let moment = Timestamp(rfc3339: text) else {
            throw .invalid(field: key, expected: "an RFC 3339 date and time")
        }
        return moment
    }

    func choice<T: RawRepresentable & CaseIterable>(
        _ type: T.Type
    ) throws(EventFault) -> T? where T.RawValue == String {
        guard let text = try text() else { return nil }
        guard let choice = T(rawValue: text) else {
            let all = T.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid(field: key, expected: "one of \(all)")
        }
        return choice
    }

    func whole() throws(EventFault) -> Int? {
        switch value {
        case .null: return nil
        case .number:
            if let whole = value.integer.flatMap({ Int(exactly: $0) }) { return whole }
        case .string(let text):
            if let whole = Int(text) { return whole }
        default: break
        }
        throw .invalid(field: key, expected: "a whole number")
    }

    func sequence() throws(EventFault) -> UInt64? {
        if value == .null { return nil }
        guard case .number(let text) = value, let seq = UInt64(text), seq > 0 else {
            throw .invalid(field: key, expected: "a whole number from 1")
        }
        return seq
    }

    func list<T>(_ make: (JSONValue) throws(EventFault) -> T) throws(EventFault) -> [T] {
        switch value {
        case .null: return []
        case .array(let elements):
            var list: [T] = []
            for element in elements { list.append(try make(element)) }
            return list
        default: throw .invalid(field: key, expected: "an array")
        }
    }
}
