import Events
import HTTPTypes
import JSON
import Server

@testable import EventLog
@testable import Notifier

/// Bodies of other systems' formats that become lines of `/v1/events` and `/v1/logs`.
enum FormBody: UInt8 {
    case otlp = 1
    case cloudEvents = 2
    /// One CloudEvent whose attributes are header fields.
    case binary = 3

    private static let now = Timestamp(milliseconds: 1_795_413_600_000)

    /// Every line is accepted or refused by itself, and none bears a node, an epoch or a number.
    func check(_ grammar: inout LineGrammar, raw: Bool) throws {
        let read: () throws -> [[UInt8]]
        switch self {
        case .otlp:
            guard let payload = raw ? parsed(grammar) : Self.request(&grammar) else { return }
            read = { try Self.logs(payload) }
        case .cloudEvents:
            guard let payload = raw ? parsed(grammar) : Self.events(&grammar) else { return }
            read = { Self.lines(payload) }
        case .binary:
            let headers = Self.headers(&grammar)
            let data = Array(grammar.input.rest)
            guard let payload = try? CloudEvents.binary(headers, data) else { return }
            read = { Self.lines(payload) }
        }
        let lines = try read()
        try require(lines == (try read()), "another line the second time")
        let body = IngestBody(lines.flatMap { $0 + [UInt8(ascii: "\n")] })
        try require(
            body.lines.count + body.rejectedTotal == lines.count,
            "\(body.lines.count) taken and \(body.rejectedTotal) refused of \(lines.count) lines")
        for line in body.lines {
            let event = try Event(line: Array(body.bytes[line.range]))
            try require(
                event.node == nil && event.epoch == nil && event.seq == nil,
                "the sender sets node, epoch or sequence")
        }
    }

    private func parsed(_ grammar: LineGrammar) -> JSONValue? {
        try? JSONValue(
            parsing: Array(grammar.input.rest),
            limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 64))
    }

    private static func logs(_ payload: JSONValue) throws -> [[UInt8]] {
        let count: Int
        let events: [Event]
        do throws(Problem) {
            count = try OTLPLogs.count(payload)
            events = try OTLPLogs.events(payload, now)
        } catch {
            try require((400..<500).contains(error.status.code), "refused with \(error.status)")
            return []
        }
        try require(events.count == count, "\(events.count) events of \(count) records")
        return events.map { HookText.fitting($0).line }
    }

    private static func lines(_ payload: JSONValue) -> [[UInt8]] {
        CloudEvents.lines(payload, now).compactMap { try? $0.get() }
    }

    // MARK: - By grammar

    private static let keys = [
        "namespace", "rollout", "revision", "status", "event.name", "k8s.rollout.name", "x", "",
    ]

    private static func request(_ grammar: inout LineGrammar) -> JSONValue {
        var records: [JSONValue] = []
        for _ in 0..<Int(grammar.byte() % 4) {
            records.append(
                object([
                    ("timeUnixNano", .string(grammar.choose(LineGrammar.numbers))),
                    ("observedTimeUnixNano", any(&grammar)), ("severityNumber", any(&grammar)),
                    ("severityText", any(&grammar)), ("eventName", any(&grammar)),
                    ("body", wrapped(&grammar, depth: 3)), ("attributes", attributes(&grammar)),
                    ("traceId", any(&grammar)), ("spanId", any(&grammar)),
                ]))
        }
        return object([
            (
                "resourceLogs",
                .array([
                    object([
                        ("resource", object([("attributes", attributes(&grammar))])),
                        (
                            "scopeLogs",
                            .array([
                                object([
                                    ("scope", object([("name", any(&grammar))])),
                                    ("logRecords", .array(records)),
                                ])
                            ])
                        ),
                    ])
                ])
            )
        ])
    }

    private static func attributes(_ grammar: inout LineGrammar) -> JSONValue {
        var list: [JSONValue] = []
        for _ in 0..<Int(grammar.byte() % 5) {
            list.append(
                object([
                    ("key", .string(grammar.choose(keys))), ("value", wrapped(&grammar, depth: 2)),
                ]))
        }
        return .array(list)
    }

    /// OTLP's `AnyValue`.
    private static func wrapped(_ grammar: inout LineGrammar, depth: Int) -> JSONValue {
        switch grammar.byte() % (depth > 0 ? 8 : 6) {
        case 0: return object([("stringValue", .string(grammar.choose(LineGrammar.texts)))])
        case 1: return object([("boolValue", .bool(grammar.byte() & 1 == 0))])
        case 2: return object([("intValue", .string(grammar.choose(LineGrammar.numbers)))])
        case 3: return object([("doubleValue", .number(grammar.choose(LineGrammar.numbers)))])
        case 4: return object([("bytesValue", any(&grammar))])
        case 5: return any(&grammar)
        case 6:
            return object([
                ("arrayValue", object([("values", .array([wrapped(&grammar, depth: depth - 1)]))]))
            ])
        default:
            let entry = object([
                ("key", .string(grammar.choose(keys))),
                ("value", wrapped(&grammar, depth: depth - 1)),
            ])
            return object([("kvlistValue", object([("values", .array([entry]))]))])
        }
    }

    private static let members = [
        "node", "epoch", "seq", "id", "level", "status", "attempt", "rollout", "deltas", "message",
        "ts", "event", "mac",
    ]

    private static func events(_ grammar: inout LineGrammar) -> JSONValue {
        var events: [JSONValue] = []
        for _ in 0...Int(grammar.byte() % 3) {
            var data: [(String, JSONValue)] = []
            for _ in 0..<Int(grammar.byte() % 6) {
                let name = grammar.choose(members)
                let value = grammar.value(depth: 2)
                if !data.contains(where: { $0.0 == name }) { data.append((name, value)) }
            }
            events.append(
                object([
                    ("specversion", .string(grammar.choose(["1.0", "1.0", "0.3", "1."]))),
                    ("id", .string(grammar.choose(LineGrammar.texts))),
                    ("source", .string(grammar.choose(LineGrammar.texts))),
                    ("type", .string(grammar.choose(LineGrammar.names))),
                    ("time", .string(grammar.choose(LineGrammar.times))),
                    ("data", grammar.byte() & 3 == 0 ? any(&grammar) : object(data)),
                    ("node", any(&grammar)),
                ]))
        }
        return events.count == 1 ? events[0] : .array(events)
    }

    private static func headers(_ grammar: inout LineGrammar) -> HTTPFields {
        var fields = HTTPFields()
        var all = [("ce-specversion", "1.0")]
        for name in ["ce-id", "ce-source", "ce-type", "ce-time", "ce-seq", "ce-data", "ce-x"] {
            all.append((name, grammar.choose(LineGrammar.texts + LineGrammar.names)))
        }
        all.append(
            (
                "content-type",
                grammar.choose([
                    "application/json", "text/plain; charset=utf-8", "application/x-any",
                    "a/b+json",
                ])
            ))
        for (name, value) in all {
            guard let name = HTTPField.Name(name) else { continue }
            fields.append(HTTPField(name: name, value: value))
        }
        return fields
    }

    private static func object(_ members: [(String, JSONValue)]) -> JSONValue {
        .object(members.map { JSONValue.Member($0.0, $0.1) })
    }

    private static func any(_ grammar: inout LineGrammar) -> JSONValue { grammar.value(depth: 1) }
}
