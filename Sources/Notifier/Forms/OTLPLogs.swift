import Core
import EventLog
import Events
import HTTPTypes
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
    /// The maximum length of a resource's attributes, in bytes: they are stored with each record.
    private static let resourceText = 8192
    /// The maximum number of records in one request. The Collector sends 8,192 by default.
    static let records = 16_384

    /// The events of a request. An empty request, which exporters may send, has none.
    ///
    /// - Throws: 400 for a body that is not such a request, 413 for one with too many records.
    static func events(_ payload: JSONValue, _ now: Timestamp) throws(Problem) -> [Event] {
        guard try count(payload) > 0 else { return [] }
        var events: [Event] = []
        for entry in elements(payload["resourceLogs"]) {
            var resource = Attributes(entry["resource"]?["attributes"])
            resource.shorten(to: resourceText)
            // Once for all of its records.
            let identity = resource.identity
            for scope in elements(entry["scopeLogs"]) {
                for record in elements(scope["logRecords"]) {
                    events.append(
                        event(
                            record, scope["scope"], resource, identity, place: events.count, now))
                }
            }
        }
        return events
    }

    /// The number of records in a request. Lists that are absent are empty.
    ///
    /// - Throws: As `events`. What is no list of this form is refused, not skipped: an exporter
    ///   takes 200 for "kept".
    static func count(_ payload: JSONValue) throws(Problem) -> Int {
        guard case .object(let members) = payload else {
            throw malformed("resourceLogs", "the body is no object")
        }
        guard !members.isEmpty else { return 0 }
        guard payload["resourceLogs"] != nil else {
            throw malformed("resourceLogs", "resourceLogs, an array, is missing")
        }
        var count = 0
        for resource in try list(payload, "resourceLogs", "resourceLogs") {
            for scope in try list(resource, "scopeLogs", "resourceLogs.scopeLogs") {
                count +|= try list(scope, "logRecords", "resourceLogs.scopeLogs.logRecords").count
            }
        }
        guard count <= records else {
            throw Problem(
                .contentTooLarge, "records_too_many",
                "the request has \(count) records, at most \(records) are taken: lower send_batch_max_size of the Collector's processor batch, or OTEL_BLRP_MAX_EXPORT_BATCH_SIZE",
                field: "resourceLogs")
        }
        return count
    }

    /// The list `name` of an object; empty if it is absent and nothing else is there.
    private static func list(
        _ value: JSONValue, _ name: String, _ field: String
    ) throws(Problem) -> [JSONValue] {
        guard case .object(let members) = value else {
            throw malformed(field, "\(InertText.quoted(text(value))) is no object")
        }
        switch value[name] {
        case .array(let elements)?: return elements
        case .null?: return []
        case let other?:
            throw malformed(field, "\(name) is \(InertText.quoted(text(other))), not an array")
        case nil:
            // Records below another name, as of OTLP before 1.0, would be lost.
            let others = members.map(\.key).filter {
                !["resource", "scope", "schemaUrl"].contains($0)
            }
            guard let first = others.first else { return [] }
            throw malformed(field, "\(InertText.quoted(first)) stands where \(name) is expected")
        }
    }

    private static func text(_ value: JSONValue) -> String {
        var writer = JSONWriter()
        writer.value(value)
        return writer.text.cut(to: 64, .utf8)
    }

    private static func malformed(_ field: String, _ why: String) -> Problem {
        .malformed(
            "resource_logs_missing", "the body is no OTLP request for logs: \(why)", field: field)
    }

    private static func elements(_ value: JSONValue?) -> [JSONValue] {
        if case .array(let elements)? = value { return elements }
        return []
    }

    private static func event(
        _ record: JSONValue, _ scope: JSONValue?, _ resource: Attributes,
        _ resourceIdentity: String, place: Int, _ now: Timestamp
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
        let body = record["body"].flatMap { content(of: $0) }
        var event = Event(
            // Without a timestamp, identical records are distinguished by their index in the
            // request.
            id: HookText.id(
                "otlp", identity.text, resourceIdentity, moment == nil ? String(place) : nil),
            ts: moment ?? now, level: level(record),
            event: HookText.at(record, "eventName") ?? own.text("event.name") ?? "otel.log",
            namespace: named("namespace", "k8s.namespace.name"),
            rollout: named("rollout", "k8s.rollout.name"), revision: named("revision"),
            // Other words stay in the attributes: `status` has other meanings, too.
            status: named("status").flatMap { VerdictStatus(rawValue: $0.lowercased()) },
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
        for name in ["timeUnixNano", "observedTimeUnixNano"] where moment == nil {
            // 0 and an empty text mean that the time is unknown.
            guard let text = HookText.at(record, name), !text.isEmpty, text != "0" else { continue }
            otel.append(.init(name, .string(text)))
        }
        // What is no body of this form is quoted, not lost.
        if body == nil, let given = record["body"], given != .null, given != .object([]) {
            otel.append(.init("body", .string(text(given))))
        }
        if case .object = record {} else { otel.append(.init("record", .string(text(record)))) }
        let left = own.leftOut +| resource.leftOut
        if left > 0 { otel.append(.init("attributes_left_out", .number(String(left)))) }
        if !otel.isEmpty { event.extra.append(.init("otel", .object(otel))) }
        if !own.members.isEmpty { event.extra.append(.init("attributes", .object(own.members))) }
        if !resource.members.isEmpty {
            event.extra.append(.init("resource", .object(resource.members)))
        }
        return event
    }

    /// A text stands for itself, as some senders write it.
    private static func content(of given: JSONValue) -> JSONValue? {
        if case .string(let text) = given { return .string(text.cut(to: Self.text, .utf8)) }
        return value(of: given, depth)
    }

    private static func words(_ body: JSONValue) -> String {
        if case .string(let text) = body { return text }
        var writer = JSONWriter()
        writer.value(body)
        return writer.text.cut(to: text, .utf8)
    }

    /// The level by severity number (data model, "Severity Fields"), else by severity text. `info`
    /// if the record has neither, `warn` if they are not recognized: a severity that nobody
    /// understands may be a failure. The event stores both as they were sent.
    private static func level(_ record: JSONValue) -> Event.Level {
        let number = HookText.at(record, "severityNumber") ?? ""
        // ProtoJSON allows an enumeration's names.
        let name =
            number.hasPrefix("SEVERITY_NUMBER_")
            ? String(number.dropFirst("SEVERITY_NUMBER_".count)) : nil
        switch Int(number) {
        case .some(1...8): return .debug
        case .some(9...12): return .info
        case .some(13...16): return .warn
        case .some(17...24): return .error
        default: break
        }
        let words = [name, HookText.at(record, "severityText")].compactMap { $0 }.filter {
            !$0.isEmpty && $0 != "UNSPECIFIED"
        }
        for word in words {
            // `ERROR2` is a finer step of `ERROR`.
            let plain = String(word.prefix { !$0.isNumber })
            if let level = SenderForm.level(plain) { return level }
        }
        let isUnspecified = ["", "0", "SEVERITY_NUMBER_UNSPECIFIED"].contains(number)
        return words.isEmpty && isUnspecified ? .info : .warn
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
        /// The number of entries omitted: beyond the limits, without key or value, with a duplicate
        /// key, or in what is no list.
        private(set) var leftOut = 0

        init(_ list: JSONValue?, _ depthLeft: Int = OTLPLogs.depth) {
            var seen: Set<String> = []
            switch list {
            case nil, .null?, .array?: break
            // A mapping of names to values, as other formats have it.
            case .object(let others)?: leftOut = others.count
            default: leftOut = 1
            }
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

        /// Leaves out the last members until the others have at most `limit` bytes.
        mutating func shorten(to limit: Int) {
            var bytes = 2
            let kept = members.prefix { member in
                var writer = JSONWriter()
                writer.value(member.value)
                bytes +|= writer.bytes.count +| member.key.utf8.count +| 4
                return bytes <= limit
            }
            leftOut +|= members.count &- kept.count
            members = Array(kept)
        }

        func text(_ name: String) -> String? {
            switch members.first(where: { $0.key == name })?.value {
            // A revision may be a number.
            case .string(let text)?, .number(let text)?:
                return text.isEmpty ? nil : text.cut(to: HookText.name, .utf8)
            default: return nil
            }
        }

        var identity: String {
            var writer = JSONWriter()
            writer.value(.object(members))
            return writer.text
        }
    }
}
