import JSON
import TestSupport
import Testing

@testable import Events

@Suite("Reading a line in place")
struct EventViewTests {
    /// The values of the view as an event; `seq`, which the view lacks, comes from the parsed line.
    private static func event(of line: [UInt8], like whole: Event) -> Event? {
        line.withUnsafeBytes { bytes in
            var view = EventView()
            // Reused: no value of the line before may remain.
            _ = full.utf8.withContiguousStorageIfAvailable { view.read(UnsafeRawBufferPointer($0)) }
            guard view.read(bytes) else { return nil }
            return Event(
                id: view.text(.id) ?? "", ts: view.ts, level: view.level,
                event: view.text(.event) ?? "", node: view.text(.node), az: view.text(.az),
                epoch: view.text(.epoch), seq: whole.seq, namespace: view.text(.namespace),
                rollout: view.text(.rollout), revision: view.text(.revision),
                concern: view.text(.concern), attempt: view.attempt, status: view.status,
                deltas: view.deltas.map {
                    MetricDelta(
                        metric: $0.metric.text(in: bytes) ?? "", value: $0.value,
                        previous: $0.previous, stable: $0.stable, limit: $0.limit, unit: $0.unit,
                        state: $0.state)
                }, reasons: view.reasons, message: view.text(.message),
                policy: view.text(.policy), binary: view.text(.binary),
                extra: whole.extra.compactMap { member in
                    view.extra(member.key).map { JSONValue.Member(member.key, $0) }
                })
        }
    }

    private static let full =
        #"{"v":1,"id":"a\u00e9","ts":"2026-11-23T06:00:00.123Z","level":"error","event":"analysis.unhealthy","#
        + #""node":"gw-a1","az":"eu-west-1a","epoch":"e9","seq":42,"namespace":"prod","rollout":"payments-api","#
        + #""revision":17,"concern":"all","attempt":"4","status":"unhealthy","deltas":[{"metric":"canary.5xx_rate","#
        + #""value":0.019,"previous":-2e-3,"stable":null,"limit":0.01,"unit":"ratio","state":"fail"},"#
        + #"{"metric":"a\"b","unit":"furlong"}, { "metric" : "x_ms" , "more":[{"]":"}"}] } ],"#
        + #""reasons":[{"check":"canary.5xx_rate","state":"fail","value":0.019,"why":"abs_fail","detail":"seen \"twice\""}],"#
        + #""message":"text","policy":null,"binary":"sha256:bb","series":"3ab5","run":2,"flag":true,"#
        + #""document":{"status":"un}healthy","nested":[1,null,{"a":"ü\\"}]}}"#

    @Test("the view returns the same values as the parser")
    func full() throws {
        let line = Array(Self.full.utf8)
        let whole = try Event(line: line)
        #expect(Self.event(of: line, like: whole) == whole)
    }

    @Test("for any kind of events")
    func random() throws {
        var random = SeededRandom(seed: 11)
        for _ in 0..<3000 {
            let line = Self.randomEvent(&random).line
            let whole = try Event(line: line)
            #expect(Self.event(of: line, like: whole) == whole, "\(whole)")
        }
    }

    @Test(
        "truncated or damaged at any byte it stays in bounds, and agrees if the line is valid")
    func spoilt() {
        let line = Array(Self.full.utf8)
        for end in line.indices {
            // A buffer of exactly this length, so that an access beyond it would be detected.
            let cut = Array(line[..<end])
            #expect(
                Self.event(of: cut, like: Event(ts: Timestamp(milliseconds: 0), event: "")) == nil)
        }
        for at in line.indices {
            for other in [UInt8(ascii: "\""), 0x5C, 0x7B, 0x7D, 0x5B, 0x5D, 0x2C, 0x20, 0x30, 0x80]
            {
                var spoilt = line
                spoilt[at] = other
                let whole = try? Event(line: spoilt)
                let seen = Self.event(
                    of: spoilt, like: whole ?? Event(ts: Timestamp(milliseconds: 0), event: ""))
                if let whole { #expect(seen == whole, "byte \(at) as \(other)") }
            }
        }
    }

    private static func randomEvent(_ random: inout SeededRandom) -> Event {
        func text(_ random: inout SeededRandom) -> String? {
            Bool.random(using: &random) ? RandomJSON.text(&random) : nil
        }
        func number(_ random: inout SeededRandom) -> Double? {
            switch Int.random(in: 0..<4, using: &random) {
            case 0: nil
            case 1: Double(Int.random(in: -5...5, using: &random))
            case 2: Double.random(in: 0..<1, using: &random)
            default: Double(bitPattern: random.next()).isFinite ? 1e300 : -1e-300
            }
        }
        var event = Event(
            ts: Timestamp(milliseconds: Int64.random(in: 0..<4_000_000_000_000, using: &random)),
            level: Event.Level.allCases.randomElement(using: &random) ?? .info,
            event: "e" + RandomJSON.text(&random))
        event.id = text(&random) ?? ""
        event.node = text(&random)
        event.az = text(&random)
        event.namespace = text(&random)
        event.rollout = text(&random)
        event.revision = text(&random)
        event.concern = text(&random)
        event.message = text(&random)
        event.policy = text(&random)
        event.binary = text(&random)
        event.attempt = Bool.random(using: &random) ? Int(random.next() % 99) : nil
        event.status =
            Bool.random(using: &random) ? VerdictStatus.allCases.randomElement(using: &random) : nil
        event.deltas = (0..<Int.random(in: 0..<4, using: &random)).map { _ in
            MetricDelta(
                metric: "m" + RandomJSON.text(&random), value: number(&random),
                previous: number(&random), stable: number(&random), limit: number(&random),
                unit: MetricUnit.allCases.randomElement(using: &random) ?? .count,
                state: CheckState.allCases.randomElement(using: &random) ?? .pass)
        }
        event.reasons = (0..<Int.random(in: 0..<3, using: &random)).map { _ in
            Reason(
                check: RandomJSON.text(&random), state: .fail, value: number(&random),
                why: RandomJSON.text(&random), detail: RandomJSON.text(&random))
        }
        event.extra = (0..<Int.random(in: 0..<4, using: &random)).map { i in
            .init("x\(i)" + RandomJSON.text(&random), RandomJSON.tree(depth: 3, &random))
        }
        return event
    }
}
