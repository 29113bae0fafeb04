import Events
import HTTPTypes
import JSON
import Server
import Testing

@testable import EventLog
@testable import Notifier

@Suite("Events from OTLP logs")
struct OTLPLogsTests {
    private static let now = ArgoNotificationTests.now

    private func events(_ text: String) throws -> [Event] {
        try OTLPLogs.events(try ArgoNotificationTests.payload(text), Self.now)
    }

    private func request(_ record: String, _ resource: String = "") -> String {
        """
        {"resourceLogs":[{"resource":{"attributes":[\(resource)]},
          "scopeLogs":[{"scope":{"name":"my.lib"},"logRecords":[\(record)]}]}]}
        """
    }

    // The example of the protocol's repository has these members.
    private static let record = """
        {"timeUnixNano":"1795413600123456789","observedTimeUnixNano":"1795413601000000000",
         "severityNumber":17,"severityText":"Error","traceId":"5B8EFFF798038103D269B633813FC60C",
         "spanId":"EEE19B7EC3C1B174","body":{"stringValue":"payment failed"},
         "attributes":[{"key":"rollout","value":{"stringValue":"payments-api"}},
           {"key":"http.status","value":{"intValue":"503"}},{"key":"cached","value":{"boolValue":false}},
           {"key":"took","value":{"doubleValue":0.25}},
           {"key":"tags","value":{"arrayValue":{"values":[{"stringValue":"a"},{"intValue":2}]}}},
           {"key":"user","value":{"kvlistValue":{"values":[{"key":"id","value":{"stringValue":"u"}}]}}}]}
        """
    private static let resource =
        #"{"key":"k8s.namespace.name","value":{"stringValue":"prod"}},{"key":"host.name","value":{"stringValue":"h1"}}"#

    @Test("time, severity, body, attributes and resource of a record")
    func fields() throws {
        let event = try #require(events(request(Self.record, Self.resource)).first)
        #expect(event.event == "otel.log")
        #expect(event.ts == Timestamp(rfc3339: "2026-11-23T06:00:00.123Z"))
        #expect(event.level == .error)
        #expect(event.message == "payment failed")
        #expect(event.namespace == "prod")
        #expect(event.rollout == "payments-api")
        #expect(event.node == nil)
        let attributes = event.extra("attributes")
        #expect(attributes?["http.status"]?.integer == 503)
        #expect(attributes?["cached"] == .bool(false))
        #expect(attributes?["took"]?.double == 0.25)
        #expect(attributes?["tags"] == .array([.string("a"), .number("2")]))
        #expect(attributes?["user"]?["id"] == .string("u"))
        #expect(event.extra("resource")?["host.name"] == .string("h1"))
        #expect(event.extra("otel")?["trace_id"] == .string("5B8EFFF798038103D269B633813FC60C"))
        #expect(event.extra("otel")?["scope"] == .string("my.lib"))
        _ = try Event(line: event.line, from: .sender)
    }

    @Test("a revision that is sent as a number, and a status in capitals, become fields")
    func attributesAsFields() throws {
        let record =
            #"{"attributes":[{"key":"revision","value":{"intValue":"17"}},{"key":"status","value":{"stringValue":"Degraded"}},{"key":"rollout","value":{"intValue":5}}]}"#
        let event = try #require(events(request(record)).first)
        #expect(event.revision == "17")
        #expect(event.rollout == "5")
        #expect(event.status == .degraded)
        let other =
            #"{"attributes":[{"key":"status","value":{"stringValue":"failed"}}]}"#
        let kept = try #require(events(request(other)).first)
        #expect(kept.status == nil)
        #expect(kept.extra("attributes")?["status"] == .string("failed"))
    }

    @Test(
        "severities by number, else by name; an unknown one stays readable",
        arguments: [
            (#""severityNumber":1"#, Event.Level.debug), (#""severityNumber":8"#, .debug),
            (#""severityNumber":9"#, .info), (#""severityNumber":13"#, .warn),
            (#""severityNumber":24"#, .error), (#""severityText":"WARNING""#, .warn),
            (#""severityText":"CRITICAL""#, .error), (#""severityText":"loud""#, .warn),
            (#""severityNumber":"SEVERITY_NUMBER_ERROR2""#, .error),
            (#""severityNumber":25"#, .warn),
            (#""severityNumber":"SEVERITY_NUMBER_UNSPECIFIED""#, .info),
            (#""severityText":"SEVERE""#, .error), (#""severityText":"verbose""#, .debug),
            (#""severityText":"ERROR3""#, .error),
            (#""severityNumber":0,"severityText":"debug""#, .debug), (#""body":{}"#, .info),
        ])
    func severities(members: String, level: Event.Level) throws {
        let event = try #require(events(request("{\(members)}")).first)
        #expect(event.level == level)
        if members.contains("loud") {
            #expect(event.extra("otel")?["severity"] == .string("loud"))
        }
    }

    @Test("a record's name is its eventName; without a time it gets the time of receipt")
    func names() throws {
        let named = try events(request(#"{"eventName":"backup.failed"}"#))[0]
        #expect(named.event == "backup.failed")
        #expect(named.ts == Self.now)
        let attribute =
            #"{"attributes":[{"key":"event.name","value":{"stringValue":"e"}}],"timeUnixNano":"0","observedTimeUnixNano":"1795413600000000000"}"#
        let event = try events(request(attribute))[0]
        #expect(event.event == "e")
        #expect(event.ts == Timestamp(rfc3339: "2026-11-23T06:00:00Z"))
    }

    @Test("a resent request has the same ids, different records have different ids")
    func identity() throws {
        let two = request(#"{"body":{"stringValue":"x"}},{"body":{"stringValue":"x"}}"#)
        let ids = try events(two).map(\.id)
        #expect(Set(ids).count == 2)
        #expect(try events(two).map(\.id) == ids)
        let first = try events(request(Self.record, Self.resource))[0].id
        #expect(
            try events(request(Self.record, Self.resource.replacing("h1", with: "h2")))[0].id
                != first)
    }

    @Test("any exporter's data becomes an event that the log accepts, or a refusal")
    func bounded() throws {
        let deep =
            String(repeating: #"{"arrayValue":{"values":["#, count: 15) + "{}"
            + String(repeating: "]}}", count: 15)
        let many = (0..<500).map {
            #"{"key":"k\#($0)","value":{"stringValue":"\#(String(repeating: "\\u0001", count: 200))"}}"#
        }
        for record in [
            #"{"body":\#(deep)}"#, #"{"attributes":[{"key":"d","value":\#(deep)}]}"#,
            #"{"attributes":[\#(many.joined(separator: ","))]}"#, "7", "null",
            #"{"timeUnixNano":"18446744073709551615"}"#, #"{"timeUnixNano":-5}"#,
            #"{"attributes":[7,{"key":""},{"key":"a"},{"key":"a","value":{"intValue":"x"}}]}"#,
            #"{"attributes":[{"key":"status","value":{"stringValue":"odd"}}]}"#,
        ] {
            let event = HookText.fitting(try #require(events(request(record)).first))
            #expect(event.line.count <= 64 << 10)
            _ = try Event(line: event.line, from: .sender)
        }
        let left = try events(request(#"{"attributes":[7,{"key":"a"}]}"#))[0]
        #expect(left.extra("otel")?["attributes_left_out"] == .number("2"))
        #expect(try events("{}").isEmpty)
        for text in [
            "[]", #"{"resourceSpans":[]}"#, #"{"resourceLogs":{}}"#, #"{"resourceLogs":[7]}"#,
            #"{"resourceLogs":[{"scopeLogs":{}}]}"#, #"{"resourceLogs":[{"scopeLogs":[null]}]}"#,
            #"{"resourceLogs":[{"scopeLogs":[{"logRecords":"x"}]}]}"#,
            #"{"resourceLogs":[{"instrumentationLibraryLogs":[{"logRecords":[{}]}]}]}"#,
        ] {
            #expect(throws: Problem.self, "\(text)") { try events(text) }
        }
        for text in [
            #"{"resourceLogs":[]}"#, #"{"resourceLogs":[{}]}"#,
            #"{"resourceLogs":[{"resource":{}}]}"#,
            #"{"resourceLogs":[{"scopeLogs":[{"scope":{},"logRecords":null}]}]}"#,
        ] {
            #expect(try events(text).isEmpty, "\(text)")
        }
        let mapping = try events(request(#"{"attributes":{"a":"x","b":1}},{"attributes":7}"#))
        #expect(mapping[0].extra("otel")?["attributes_left_out"] == .number("2"))
        #expect(mapping[1].extra("otel")?["attributes_left_out"] == .number("1"))
        let odd = try events(request(#"{"timeUnixNano":"soon"}, 7"#))
        #expect(odd[0].extra("otel")?["timeUnixNano"] == .string("soon"))
        #expect(odd[1].extra("otel")?["record"] == .string("7"))
    }

    @Test("a body that is a plain text is the message, one that is not understood is quoted")
    func bodies() throws {
        let plain = try events(request(#"{"body":"payment failed"}"#))[0]
        #expect(plain.message == "payment failed")
        #expect(plain.extra("otel")?["body"] == nil)
        for (body, quoted) in [
            (#"{"intValue":"99999999999999999999"}"#, #"{"intValue":"99999999999999999999"}"#),
            (#"{"string_value":"x"}"#, #"{"string_value":"x"}"#), ("[1]", "[1]"), ("7", "7"),
        ] {
            let event = try events(request(#"{"body":\#(body)}"#))[0]
            #expect(event.message == nil)
            #expect(event.extra("otel")?["body"] == .string(quoted))
        }
        for body in ["null", "{}"] {
            #expect(try events(request(#"{"body":\#(body)}"#))[0].extra("otel")?["body"] == nil)
        }
    }

    @Test("an answer counts the records that the log dropped, as that of a hook does")
    func shed() throws {
        var shed = KindCounts()
        shed[.healthy] = 2
        shed[.degraded] = 1
        func receipt(_ rejected: [IngestReceipt.Rejection], _ shed: KindCounts) -> IngestReceipt {
            IngestReceipt(
                accepted: 4, duplicates: 0, rejected: rejected, rejectedTotal: rejected.count,
                shed: shed, end: .start)
        }
        func answer(_ receipt: IngestReceipt) throws -> JSONValue? {
            try JSONValue(parsing: OTLPRoutes.document(receipt), limits: .event)["partialSuccess"]
        }
        let bad = IngestReceipt.Rejection(line: 2, error: .missing(field: "event"))
        #expect(try answer(receipt([], KindCounts())) == nil)
        let dropped = try #require(try answer(receipt([], shed)))
        #expect(dropped["rejectedLogRecords"] == .string("3"))
        #expect(
            dropped["errorMessage"]
                == .string("the log is short of space and dropped 3 records"))
        let both = try #require(try answer(receipt([bad], shed)))
        #expect(both["rejectedLogRecords"] == .string("4"))
        #expect(both["errorMessage"]?.string?.hasPrefix("record 2: ") == true)
        #expect(both["errorMessage"]?.string?.hasSuffix("dropped 3 records") == true)
        let hook = String(decoding: HookRoutes.document(receipt([], shed)), as: UTF8.self)
        #expect(hook == #"{"accepted":4,"duplicates":0,"shed":3}"#)
        let usual = String(decoding: HookRoutes.document(receipt([], KindCounts())), as: UTF8.self)
        #expect(usual == #"{"accepted":4,"duplicates":0}"#)
    }

    @Test("the records of a request are bounded, and a large resource is stored once bounded")
    func many() throws {
        let most = OTLPLogs.records
        let records = Array(repeating: "{}", count: most + 1).joined(separator: ",")
        let problem = try #require(throws: Problem.self) { try events(request(records)) }
        #expect(problem.status == .contentTooLarge)
        #expect(problem.detail.contains("send_batch_max_size"))
        let large = (0..<60).map {
            #"{"key":"k\#($0)","value":{"stringValue":"\#(String(repeating: "x", count: 4000))"}}"#
        }.joined(separator: ",")
        let kept = try events(
            request(Array(repeating: "{}", count: 2000).joined(separator: ","), large))
        #expect(kept.count == 2000)
        #expect(kept[0].line.count < 10_000)
        #expect(kept[0].extra("otel")?["attributes_left_out"] == .number("58"))
        #expect(Set(kept.map(\.id)).count == 2000)
    }
}
