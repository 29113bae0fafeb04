import Core
import Events
import JSON
import Server

/// Converts an OTLP/HTTP JSON log request to events (`ExportLogsServiceRequest`, OTLP 1).
///
/// A record's event name is its `eventName`, else its attribute `event.name`, else `otel.log`. Its
/// time, severity, body, attributes and resource become members. The attributes `namespace`,
/// `rollout`, `revision` and `status` of the record or its resource become those fields; so do
/// `k8s.namespace.name` and `k8s.rollout.name`.
enum OTLPLogs {
    /// The maximum length of one attribute's text, in bytes.
    private static let text = 4096
    /// The maximum number of attributes stored per record and per resource.
    private static let attributes = 64
    /// The maximum nesting depth of an attribute's value.
    private static let depth = 6

    /// The events of a request. An empty request, which exporters may send, has none.
    ///
    /// - Throws: 400 for a body that is not such a request.
    static func events(_ payload: JSONValue, _ now: Timestamp) throws(Problem) -> [Event] {
        guard case .object(let members) = payload else { throw malformed() }
        guard !members.isEmpty else { return [] }
        guard case .array(let resources)? = payload["resourceLogs"] else { throw malformed() }
        var events: [Event] = []
        for entry in resources {
            let resource = Attributes(entry["resource"]?["attributes"])
            for scope in elements(entry["scopeLogs"]) {
                for record in elements(scope["logRecords"]) {
                    events.append(
                        event(record, scope["scope"], resource, place: events.count, now))
                }
            }
        }
        return events
    }

    private static func malformed() -> Problem {
        .malformed(
            "resource_logs_missing",
            "the body is no OTLP request for logs: resourceLogs, an array, is missing",
            field: "resourceLogs")
    }

    private static func elements(_ value: JSONValue?) -> [JSONValue] {
        if case .array(let elements)? = value { return elements }
        return []
    }

    private static func event(
        _ record: JSONValue, _ scope: JSONValue?, _ resource: Attributes, place: Int,
        _ now: Timestamp
    ) -> Event {
        let own = Attributes(record["attributes"])
        func named(_ names: String...) -> String? {
            for name in names {
                if let text = own.text(name) ?? resource.text(name) { return text }
            }
            return nil
        }
        let moment = moment(record["timeUnixNano"]) ?? moment(record["observedTimeUnixNano"])
        var identity = JSONWriter()
        identity.value(record)
        let body = record["body"].flatMap { value(of: $0, depth) }
        var event = Event(
            // Without a timestamp, identical records are distinguished by their index in the
            // request.
            id: HookText.id(
                "otlp", identity.text, resource.identity, moment == nil ? String(place) : nil),
            ts: moment ?? now, level: level(record),
            event: HookText.at(record, "eventName") ?? own.text("event.name") ?? "otel.log",
            namespace: named("namespace", "k8s.namespace.name"),
            rollout: named("rollout", "k8s.rollout.name"), revision: named("revision"),
            status: named("status").flatMap(VerdictStatus.init(rawValue:)),
            message: body.map(words))
        var otel: [JSONValue.Member] = []
        if let text = HookText.at(record, "severityText") {
            otel.append(.init("severity", .string(text)))
        }
        if let number = HookText.at(record, "severityNumber") {
            otel.append(.init("severity_number", .string(number)))
        }
        for (name, key) in [("trace_id", "traceId"), ("span_id", "spanId")] {
            if let text = HookText.at(record, key) { otel.append(.init(name, .string(text))) }
        }
        if let text = HookText.at(scope, "name") { otel.append(.init("scope", .string(text))) }
        let left = own.leftOut +| resource.leftOut
        if left > 0 { otel.append(.init("attributes_left_out", .number(String(left)))) }
        if !otel.isEmpty { event.extra.append(.init("otel", .object(otel))) }
        if !own.members.isEmpty { event.extra.append(.init("attributes", .object(own.members))) }
        if !resource.members.isEmpty {
            event.extra.append(.init("resource", .object(resource.members)))
        }
        return event
    }

    private static func words(_ body: JSONValue) -> String {
        if case .string(let text) = body { return text }
        var writer = JSONWriter()
        writer.value(body)
        return writer.text.cut(to: text, .utf8)
    }

    /// The level by severity number (data model, "Severity Fields"), else by severity text; `info`
    /// if neither is recognized. The event stores the severity text too.
    private static func level(_ record: JSONValue) -> Event.Level {
        switch HookText.at(record, "severityNumber").flatMap({ Int($0) }) {
        case .some(1...8): return .debug
        case .some(9...12): return .info
        case .some(13...16): return .warn
        case .some(17...24): return .error
        default: break
        }
        let name = HookText.at(record, "severityText")?.lowercased() ?? ""
        if name.hasPrefix("warn") { return .warn }
        if ["err", "crit", "fatal", "alert", "emerg", "panic"].contains(where: name.hasPrefix) {
            return .error
        }
        return name.hasPrefix("debug") || name.hasPrefix("trace") ? .debug : .info
    }

    /// Converts nanoseconds since 1970, a string in OTLP's JSON; nil for 0, which means unknown.
    private static func moment(_ value: JSONValue?) -> Timestamp? {
        let text: String? =
            switch value {
            case .string(let text)?: text
            case .number(let text)?: text
            default: nil
            }
        guard let nanoseconds = text.flatMap({ UInt64($0) }), nanoseconds > 0 else { return nil }
        return Timestamp(milliseconds: Int64(nanoseconds / 1_000_000))
    }

    /// Converts an `AnyValue` to JSON, limited in length and depth; nil if it has no value.
    private static func value(of any: JSONValue, _ depthLeft: Int) -> JSONValue? {
        if case .string(let text)? = any["stringValue"] {
            return .string(text.cut(to: Self.text, .utf8))
        }
        if let flag = any["boolValue"], case .bool = flag { return flag }
        // OTLP's JSON encodes 64-bit integers as strings.
        if let text = HookText.at(any, "intValue"), let number = Int64(text) {
            return .number(String(number))
        }
        if let number = any["doubleValue"] {
            if case .number = number { return number }
            if case .string(let text) = number { return .string(text.cut(to: 32, .utf8)) }
        }
        if case .string(let text)? = any["bytesValue"] {
            return .string(text.cut(to: Self.text, .utf8))
        }
        guard depthLeft > 0 else { return nil }
        if let list = any["arrayValue"] {
            return .array(
                elements(list["values"]).prefix(attributes).map {
                    value(of: $0, depthLeft - 1) ?? .null
                })
        }
        if let list = any["kvlistValue"] {
            return .object(Attributes(list["values"], depthLeft - 1).members)
        }
        return nil
    }

    /// A list of `KeyValue`, limited in size. The first entry of a duplicate key wins.
    private struct Attributes {
        private(set) var members: [JSONValue.Member] = []
        /// The number of entries omitted: beyond the limits, without key or value, or with a
        /// duplicate key.
        private(set) var leftOut = 0

        init(_ list: JSONValue?, _ depthLeft: Int = OTLPLogs.depth) {
            var seen: Set<String> = []
            for entry in OTLPLogs.elements(list) {
                guard members.count < OTLPLogs.attributes, let key = HookText.at(entry, "key"),
                    let any = entry["value"],
                    let value = OTLPLogs.value(of: any, depthLeft), seen.insert(key).inserted
                else {
                    leftOut +|= 1
                    continue
                }
                members.append(.init(key, value))
            }
        }

        func text(_ name: String) -> String? {
            guard case .string(let text)? = members.first(where: { $0.key == name })?.value,
                !text.isEmpty
            else { return nil }
            return text.cut(to: HookText.name, .utf8)
        }

        var identity: String {
            var writer = JSONWriter()
            writer.value(.object(members))
            return writer.text
        }
    }
}
