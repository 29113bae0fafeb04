import JSON
import Testing

@testable import Events

@Suite("Numbers from outside")
struct CountTests {
    private static let start = #"{"ts":"2026-11-23T06:00:00Z","#

    @Test("sums, differences and products saturate at the ends of the range")
    func saturating() {
        #expect(Int.max +| 1 == .max)
        #expect(Int.min +| -1 == .min)
        #expect(Int.max -| -1 == .max)
        #expect(Int.min -| 1 == .min)
        #expect(0 -| Int.min == .max)
        #expect(Int.max *| 2 == .max)
        #expect(Int.max *| -2 == .min)
        #expect(Int.min *| -1 == .max)
        #expect(UInt64.max +| 1 == .max)
        #expect(UInt64(0) -| 1 == 0)
        #expect(2 +| 3 *| 4 == 14)
        var sum = Int.max - 1
        sum +|= 5
        #expect(sum == .max)
        sum -|= .max
        #expect(sum == 0)
    }

    @Test("a double becomes the nearest representable integer")
    func doubles() {
        #expect(Int(saturating: 1e300) == .max)
        #expect(Int(saturating: -1e300) == .min)
        #expect(Int(saturating: .infinity) == .max)
        #expect(Int(saturating: .nan) == 0)
        #expect(Int(saturating: -2.9) == -2)
        #expect(Int(saturating: 9.3e18) == .max)
        #expect(UInt8(saturating: 256) == 255)
        #expect(UInt8(saturating: -0.5) == 0)
    }

    @Test("a count is from 0 to 10^9")
    func range() {
        #expect(Count(exactly: 0)?.value == 0)
        #expect(Count(exactly: 1_000_000_000) == Count.max)
        #expect(Count(exactly: 1_000_000_001) == nil)
        #expect(Count(exactly: -1) == nil)
        #expect(Count(exactly: UInt64.max) == nil)
        #expect(Count(clamping: Int64.min).value == 0)
        #expect(Count(clamping: UInt64.max) == .max)
    }

    @Test(
        "a line with a number out of range is refused at ingest, and read when stored",
        arguments: [
            ("attempt", "1000000001"), ("attempt", "-1"), ("attempt", "-9223372036854775808"),
            ("attempt", "9223372036854775807"), ("attempt", "1e30"), ("attempt", #""1000000001""#),
            ("attempt", #""99999999999999999999""#), ("run", "9223372036854775807"),
            ("run_count", "-1"), ("failure_limit", "9223372036854775807"),
            ("failure_limit", "1.5"), ("unmeasured", "2000000000"),
        ])
    func refused(field: String, value: String) throws {
        let line = Array(
            (Self.start + #""\#(field)":\#(value),"event":"analysis.unhealthy"}"#).utf8)
        let quoted = value.filter { $0 != "\"" }
        #expect(
            throws: EventFault.outside(
                field: field, expected: "a whole number from 0 to 1000000000", value: quoted)
        ) { try Event(line: line, from: .sender) }
        let stored = try Event(line: line)
        #expect(stored.attempt == nil)
        line.withUnsafeBytes { bytes in
            var view = EventView()
            let isEvent = view.read(bytes)
            #expect(isEvent)
            #expect(view.attempt == nil)
            #expect(CountMember.allCases.allSatisfy { view.count($0) == nil })
        }
    }

    @Test("counts of lost lines are checked in log.shed and log.gap only")
    func otherNames() throws {
        for (event, isRefused) in [("log.shed", true), ("log.gap", true), ("deploy.done", false)] {
            for member in [#""count":9223372036854775807"#, #""lines":-1"#] {
                let line = Array((Self.start + member + #","event":"\#(event)"}"#).utf8)
                #expect((try? Event(line: line, from: .sender)) == nil || !isRefused)
                #expect((try? Event(line: line, from: .sender)) != nil || isRefused)
            }
        }
        // The `run` of another program can be any number.
        let run = Array((Self.start + #""event":"ci.finished","run":11998877665}"#).utf8)
        #expect(throws: Never.self) { try Event(line: run, from: .sender) }
    }

    @Test(
        "a time is in the years 1970 to 9999",
        arguments: [
            "1969-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-01:00",
            "1970-01-01T00:00:00+00:01",
        ])
    func times(text: String) throws {
        let line = Array(#"{"ts":"\#(text)","event":"x"}"#.utf8)
        #expect(
            throws: EventFault.outside(
                field: "ts", expected: "a time in the years 1970 to 9999", value: text)
        ) { try Event(line: line, from: .sender) }
        #expect(try Event(line: line).event == "x")
    }

    @Test("a fault quotes the refused value, at most one line of it")
    func words() {
        let digits = String(repeating: "9", count: 500)
        let line = Array((Self.start + #""attempt":\#(digits),"event":"x"}"#).utf8)
        do throws(EventFault) {
            _ = try Event(line: line, from: .sender)
            Issue.record("taken")
        } catch {
            #expect(
                error.description
                    == #"field "attempt" must be a whole number from 0 to 1000000000, not "#
                    + digits.prefix(63) + "…")
        }
    }

    @Test("any Int64 is a time that can be formatted and calculated with")
    func extremeTimes() {
        for milliseconds in [Int64.min, .min + 1, -1, 0, .max - 1, .max] {
            let moment = Timestamp(milliseconds: milliseconds)
            #expect(moment.rfc3339.hasSuffix("Z"))
            #expect(!moment.basic.isEmpty && !moment.clockTime.isEmpty)
            #expect(moment + .seconds(Int64.max) >= moment)
            #expect(moment - .seconds(Int64.max) <= moment)
            let window = MeasurementWindow(at: moment, length: .seconds(30), settle: .seconds(5))
            #expect(window.start <= window.end)
        }
        let (first, last) = (Timestamp(milliseconds: .min), Timestamp(milliseconds: .max))
        #expect(last - first == .milliseconds(Int64.max))
        #expect(first - last == .milliseconds(Int64.min))
        #expect(last + .seconds(1) == last)
    }
}
