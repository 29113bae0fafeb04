import JSON
import Testing

@testable import Events

struct EventLineTests {
    private static let full =
        #"{"v":1,"id":"a1","ts":"2026-11-23T06:00:00.123Z","level":"error","event":"analysis.unhealthy","#
        + #""node":"gw-a1","az":"eu-west-1a","epoch":"e9","seq":42,"namespace":"prod","#
        + #""rollout":"payments-api","revision":"17","concern":"all","attempt":4,"#
        + #""status":"unhealthy","deltas":[{"metric":"canary.5xx_rate","value":0.019,"#
        + #""previous":0.002,"stable":null,"limit":0.01,"unit":"ratio","state":"fail"}],"#
        + #""reasons":[{"check":"canary.5xx_rate","state":"fail","value":0.019,"limit":0.01,"#
        + #""stable":null,"previous":0.002,"why":"abs_fail","detail":"seen \"twice\"","#
        + #""advisory":true}],"message":"text","policy":"sha256:aa","binary":"sha256:bb","#
        + #""series":"3ab5f105fa514a53","run":2,"document":{"status":"unhealthy","x":1.50,"#
        + #""nested":[1,null,{"a":"ü"}]}}"#

    @Test func everyFieldRoundTripsByteForByte() throws {
        let event = try Event(line: Array(Self.full.utf8))
        #expect(String(decoding: event.line, as: UTF8.self) == Self.full)
        #expect(event.level == .error)
        #expect(event.seq == 42)
        #expect(event.status == .unhealthy)
        #expect(event.deltas.first?.stable == nil)
        #expect(event.deltas.first?.unit == .ratio)
        #expect(event.reasons.first?.detail == "seen \"twice\"")
        #expect(event.reasons.first?.advisory == true)
        #expect(event.extra("run") == .number("2"))
        #expect(event.extra("missing") == nil)
        #expect(try Event(line: event.line) == event)
    }

    @Test func leastEvent() throws {
        let event = try Event(line: Array(#"{"event":"x","ts":"1969-12-31T23:59:59Z"}"#.utf8))
        #expect(event == Event(ts: Timestamp(milliseconds: -1000), event: "x"))
        #expect(
            String(decoding: event.line, as: UTF8.self)
                == #"{"v":1,"ts":"1969-12-31T23:59:59.000Z","level":"info","event":"x"}"#)
    }

    @Test func sendersMayBeLax() throws {
        let line =
            #" {"ts":"2026-11-23T06:00:00Z","event":"x","attempt":"7","revision":17,"seq":null,"#
            + #""status":"","deltas":null,"level":null,"reasons":[{"check":"c"}]} "#
        let event = try Event(line: Array(line.utf8))
        #expect(event.attempt == 7)
        #expect(event.revision == "17")
        #expect(event.seq == nil)
        #expect(event.status == nil)
        #expect(event.level == .info)
        #expect(event.reasons == [Reason(check: "c", state: .warn, why: "")])
    }

    @Test func unitsOfUnnamedDeltasFollowTheMetricsName() throws {
        let line =
            #"{"ts":"2026-11-23T06:00:00Z","event":"x","deltas":[{"metric":"canary.p99_ms"}]}"#
        let event = try Event(line: Array(line.utf8))
        #expect(event.deltas.first?.unit == .milliseconds)
        #expect(event.deltas.first?.state == .pass)
    }

    @Test(
        "a delta's state that is not understood is missing data, not success",
        arguments: [
            (#""pass""#, CheckState.pass), (#""fail""#, .fail), ("null", .pass),
            (#""FAIL""#, .nodata), (#""failed""#, .nodata), (#""""#, .nodata), ("1", .nodata),
            ("1e99", .nodata), ("true", .nodata), ("[]", .nodata), ("{}", .nodata),
        ])
    func states(state: String, expected: CheckState) throws {
        let line = Array(
            #"{"ts":"2026-11-23T06:00:00Z","event":"x","deltas":[{"metric":"m","state":\#(state)}]}"#
                .utf8)
        #expect(try Event(line: line).deltas.first?.state == expected)
        line.withUnsafeBytes { bytes in
            var view = EventView()
            let isRead = view.read(bytes)
            #expect(isRead)
            #expect(view.deltas.first?.state == expected)
        }
    }

    @Test(arguments: [
        (#"{"event":"x"}"#, EventFault.missing(field: "ts")),
        (#"{"ts":"2026-11-23T06:00:00Z"}"#, .missing(field: "event")),
        (#"{"ts":"2026-11-23T06:00:00Z","event":""}"#, .missing(field: "event")),
        (#"{"ts":null,"event":"x"}"#, .missing(field: "ts")),
        (
            #"{"ts":"yesterday","event":"x"}"#,
            .invalid(field: "ts", expected: "an RFC 3339 date and time")
        ),
        (
            #"{"ts":"2026-11-23T06:00:00Z","event":["x"]}"#,
            .invalid(field: "event", expected: "a string")
        ),
        (
            #"{"ts":"2026-11-23T06:00:00Z","event":"x","level":"loud"}"#,
            .invalid(field: "level", expected: "one of debug, info, warn, error")
        ),
        (
            #"{"ts":"2026-11-23T06:00:00Z","event":"x","status":"fine"}"#,
            .invalid(field: "status", expected: "one of healthy, degraded, unknown, unhealthy")
        ),
        (
            #"{"ts":"2026-11-23T06:00:00Z","event":"x","attempt":1.5}"#,
            .invalid(field: "attempt", expected: "a whole number")
        ),
        (
            #"{"ts":"2026-11-23T06:00:00Z","event":"x","seq":0}"#,
            .invalid(field: "seq", expected: "a whole number from 1")
        ),
        (
            #"{"ts":"2026-11-23T06:00:00Z","event":"x","seq":"4"}"#,
            .invalid(field: "seq", expected: "a whole number from 1")
        ),
        (
            #"{"ts":"2026-11-23T06:00:00Z","event":"x","deltas":{}}"#,
            .invalid(field: "deltas", expected: "an array")
        ),
        (
            #"{"ts":"2026-11-23T06:00:00Z","event":"x","deltas":[{}]}"#,
            .missing(field: "deltas.metric")
        ),
        (
            #"{"ts":"2026-11-23T06:00:00Z","event":"x","reasons":[1]}"#,
            .missing(field: "reasons.check")
        ),
        ("[]", .json(JSONFault(.notAnObject, at: 0))),
        ("", .json(JSONFault(.empty, at: 0))),
        (#"{"event":"x","event":"y"}"#, .json(JSONFault(.duplicateKey, at: 13))),
        (#"{"event":"x"} {}"#, .json(JSONFault(.trailingBytes, at: 14))),
    ])
    func faultsNameTheField(line: String, fault: EventFault) {
        #expect(throws: fault) { try Event(line: Array(line.utf8)) }
    }

    @Test func linesOverTheLimitAreRefused() {
        let head = #"{"event":"x","ts":"2026-11-23T06:00:00Z","pad":""#
        let room = JSONLimits.event.maxBytes - head.utf8.count - 2
        let fits = head + String(repeating: "p", count: room) + #""}"#
        #expect(throws: Never.self) { try Event(line: Array(fits.utf8)) }
        let over = head + String(repeating: "p", count: room + 1) + #""}"#
        #expect(throws: EventFault.json(JSONFault(.tooLong, at: 65_536))) {
            try Event(line: Array(over.utf8))
        }
        let deep = #"{"ts":"x","event":"x","a":"# + String(repeating: "[", count: 16)
        #expect(throws: EventFault.json(JSONFault(.tooDeep, at: 41))) {
            try Event(line: Array(deep.utf8))
        }
    }

    @Test func faultsReadAsSentences() {
        #expect(EventFault.missing(field: "ts").description == "field \"ts\" is missing")
        #expect(
            EventFault.invalid(field: "seq", expected: "a whole number from 1").description
                == "field \"seq\" must be a whole number from 1")
        #expect(
            EventFault.json(JSONFault(.empty, at: 0)).description == "no JSON value at byte 0")
    }

    @Test func levelsAreOrdered() {
        #expect(Event.Level.allCases.sorted() == [.debug, .info, .warn, .error])
    }
}
