import Events
import Testing

@testable import Console

/// The page shows the log of an earlier version, whatever its numbers are.
@Suite("The status page with numbers out of range")
struct HostileNumberTests {
    private static func line(_ members: String, ts: String = "2026-11-25T10:02:00Z") -> [UInt8] {
        Array(
            (#"{"ts":"\#(ts)","event":"analysis.unhealthy","id":"i","status":"unhealthy","#
                + #""namespace":"prod","rollout":"shop","node":"gw-a","az":"a","#
                + members + "}").utf8)
    }

    /// The grid and the charts of these lines.
    private static func page(_ lines: [[UInt8]]) throws -> String {
        var board = RolloutBoard()
        for line in lines { board.observe(try Event(line: line), from: .start) }
        let rollout = try #require(board.rollouts.values.first)
        var text = ""
        for now in [Int64.min, 0, 1_800_000_000_000, .max] {
            let moment = Timestamp(milliseconds: now)
            let grid = RolloutGrid(rollout: rollout, now: moment, id: "r")
            text += String(decoding: grid.html.bytes, as: UTF8.self)
            _ = (board.inFlight(since: moment), board.quiet(since: moment))
        }
        return text
    }

    @Test(
        "an attempt number at either end of Int",
        arguments: [
            "9223372036854775807", "-9223372036854775808", "-1", "0", "1000000001",
            #""9223372036854775807""#, "1e30",
        ])
    func attempts(number: String) throws {
        let lines = [number, "1", number, "1000000000"].map {
            Self.line(
                #""attempt":\#($0),"run":1,"deltas":[{"metric":"m","value":1,"unit":"count","state":"fail"}]"#
            )
        }
        let page = try Self.page(lines)
        #expect(page.contains("attempt 1,") || page.contains("attempt 1000000000,"))
        #expect(!page.contains("9223372036854775807"))
    }

    @Test("a run number at either end of Int")
    func runs() throws {
        let lines = ["9223372036854775807", "-9223372036854775808", "1e300", "3"].map {
            Self.line(#""attempt":1,"run":\#($0)"#)
        }
        #expect(try Self.page(lines).contains("run 3"))
    }

    @Test("times at either end of a line's range")
    func times() throws {
        let lines = ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59"].map {
            Self.line(#""attempt":1"#, ts: $0)
        }
        #expect(try Self.page(lines).contains("ahead of this node"))
    }

    @Test(
        "charts stay within their frame, whatever the values",
        arguments: [
            ["1.7e308", "-1.7e308"], ["1.7e308"], ["-1.7e308"], ["1e999", "-1e999", "1"],
            ["5e-324", "-5e-324"], ["0"], ["-0.0", "0"], ["-1", "-2"], ["1e300", "1e-300"],
        ])
    func charts(values: [String]) throws {
        for limit in ["null", "0", "1.7e308", "-1.7e308", "5e-324"] {
            let lines = values.enumerated().map { i, value in
                Self.line(
                    #""attempt":\#(i + 1),"run":1,"deltas":[{"metric":"m","value":\#(value),"stable":\#(values[0]),"previous":\#(value),"limit":\#(limit),"unit":"ratio","state":"fail"}]"#
                )
            }
            let page = try Self.page(lines)
            let points = page.matches(of: /[ML](-?\d+) (-?\d+)/)
            #expect(!points.isEmpty, "\(values) \(limit)")
            for match in points {
                let (x, y) = (Int(match.output.1) ?? -1, Int(match.output.2) ?? -1)
                #expect((90...1750).contains(x) && (90...830).contains(y), "\(values) \(limit)")
            }
        }
    }
}
