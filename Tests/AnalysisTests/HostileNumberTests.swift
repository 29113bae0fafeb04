import Events
import JSON
import Testing

@testable import Analysis

@Suite("Attempts and statistics with numbers out of range")
struct HostileNumberTests {
    private static let extremes: [Int64] = [
        .max, .max - 1, .min, .min + 1, -1, 0, 1_000_000_000, 1_000_000_001,
    ]

    /// A measurement after the restore.
    private static func measure(_ ledger: inout AttemptLedger) throws -> AttemptNumber {
        var number: AttemptNumber?
        for second in [0, 40, 4000, 4040] {
            let now = Sample.start + .seconds(second)
            guard case .new(let ticket) = ledger.begin("s", at: now) else { continue }
            number = ticket.number
            if case .refuse = ledger.unmeasured(ticket, at: now) { continue }
            ledger.abandon(ticket)
        }
        return try #require(number)
    }

    @Test("the weights and the share of a vectors file may have any size")
    func weights() throws {
        let checks = (0..<10_000).map { #"{"id":"c\#($0)","status":"fail","weight":1000000000}"# }
        let file =
            #"{"vectors":[{"id":"W","input":{"checks":[\#(checks.joined(separator: ","))],"#
            + #""policy":{"fail_share":1000000000}},"expect":{"status":"degraded"}}]}"#
        let report = try VectorReplay.run(Array(file.utf8))
        #expect(report.mismatches.map(\.description) == [])
    }

    @Test("own lines with any attempt, run and refusal", arguments: extremes)
    func ownLines(number: Int64) throws {
        let head = #"{"ts":"2025-12-17T00:00:00Z","node":"gw-a1","series":"s","#
        for members in [
            #""event":"analysis.healthy","status":"healthy","attempt":\#(number),"run":1,"document":{}"#,
            #""event":"analysis.healthy","status":"healthy","attempt":1,"run":\#(number),"document":{}"#,
            #""event":"analysis.healthy","status":"healthy","attempt":\#(number),"run":\#(number),"document":{}"#,
            #""event":"request.refused","run":1,"unmeasured":\#(number)"#,
            #""event":"request.refused","run":\#(number),"unmeasured":\#(number)"#,
        ] {
            var ledger = AttemptLedger(timing: Sample.timing)
            ledger.restore(from: try Event(line: Array((head + members + "}").utf8)))
            let next = try Self.measure(&ledger)
            #expect(Count(exactly: next.n) != nil && Count(exactly: next.epoch) != nil)
        }
    }

    @Test("a checkpoint whose counts are at an end of Int64 is damaged", arguments: extremes)
    func checkpoints(number: Int64) throws {
        for field in ["epoch", "attempts", "unmeasured"] {
            var text =
                #"{"v":1,"epoch":1,"attempts":1,"heard":1766000000000,"unmeasured":1}"#
            text = text.replacing(#""\#(field)":1"#, with: #""\#(field)":\#(number)"#)
            var ledger = AttemptLedger(timing: Sample.timing)
            if Count(exactly: number) == nil {
                #expect(throws: CheckpointFault.self) {
                    try ledger.restore(series: "s", checkpoint: text)
                }
            } else {
                try ledger.restore(series: "s", checkpoint: text)
            }
            _ = try Self.measure(&ledger)
        }
    }

    @Test("a window and its evidence at an end of Int64 are refused", arguments: extremes)
    func windows(number: Int64) throws {
        let inputs = #"{"start":\#(number),"end":\#(number),"signals":{}}"#
        let tree = try JSONValue(parsing: Array(inputs.utf8), limits: .event)
        let read = WindowInputs(tree: tree)
        #expect((read != nil) == (number >= 0 && number <= 253_402_300_799_999))
        var history = SeriesHistory()
        history.inputs = read
        _ = history.next(at: Sample.start, length: .seconds(30), settle: .seconds(5))
    }

    @Test(
        "counters and histograms of a metrics page at the ends of Double",
        arguments: [0, 1, 5e-324, 1e15, 1e16, 9.3e18, 1e300, 1.7e308])
    func statistics(total: Double) {
        var check = Check(id: "canary.p99_ms", warn: 250, fail: 500, critical: true)
        check.statistics = StatisticalSpec(.latency, slowOver: 500)
        var rate = Check(id: "canary.5xx_rate", warn: 0.005, fail: 0.01, critical: true)
        rate.statistics = StatisticalSpec(.counter)
        let policy = Policy(checks: [check, rate])
        for failing in [0, total / 2, total] {
            let signals = [
                Signal(
                    "canary.p99_ms", unit: .milliseconds, value: .number(200),
                    evidence: .histogram(
                        edges: [100, 500, .infinity], cumulative: [failing, total, total])),
                Signal(
                    "canary.5xx_rate", unit: .ratio, value: .number(0.5),
                    evidence: .counter(failing: failing, total: total)),
            ]
            let judgement = Sample.judge(signals, policy: policy)
            #expect(judgement.outcomes.count == 2)
        }
    }

    @Test("ranks of a quantile among none and the most values that a count can have")
    func ranks() {
        for quantile in [0, 1e-300, 0.5, 0.99, 1] {
            for n in [0, 1, Int.max - 1, .max] {
                let low = OrderStatisticRanks.low(of: n, quantile: quantile, alpha: 0.05)
                let high = OrderStatisticRanks.high(of: n, quantile: quantile, alpha: 0.05)
                #expect(low >= 0 && high >= low)
            }
        }
    }
}
