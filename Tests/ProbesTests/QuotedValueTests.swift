import Events
import JSON
import TestSupport
import Testing

@testable import Probes

@Suite("Values that are not understood")
struct QuotedValueTests {
    private static func document(_ text: String) throws -> JSONValue {
        try JSONValue.document(Array(text.utf8))
    }

    /// Why `read` found no data.
    private static func reason(_ read: () throws(MissingData) -> Void) -> String {
        do throws(MissingData) {
            try read()
            return "(data)"
        } catch { return error.description }
    }

    @Test(
        "a field's value of another type is quoted",
        arguments: [
            (#""12""#, #"but "12""#), ("null", "but null"), ("[1]", "but a list"),
            ("{}", "but an object"), (#""\u001b[31m""#, #"but "\u001b[31m""#),
            (#""\#(String(repeating: "x", count: 500))""#, #"but "xxx"#),
        ])
    func fields(value: String, words: String) throws {
        let signals = try FieldSelection.pointers([.init("lag", "/lag")])
            .signals(of: Self.document(#"{"lag":\#(value)}"#), prefix: "dependency.db_")
        guard case .absent(let why, let detail) = signals[0].value else {
            Issue.record("\(signals)")
            return
        }
        #expect(why == "missing_field")
        #expect(detail.contains("no number or boolean at /lag, \(words)"), "\(detail)")
        #expect(detail.utf8.count < 120)
    }

    @Test(
        "without pointers, a text that looks like a number or a boolean is quoted",
        arguments: [
            (#""12""#, #"but "12""#), (#"" 1e3 ""#, #"but " 1e3 ""#), (#""NaN""#, #"but "NaN""#),
            (#""true""#, #"but "true""#), (#""FALSE""#, #"but "FALSE""#), ("null", "but null"),
            (#""1.2.3""#, nil), (#""ok""#, nil), (#""""#, nil), ("[1]", nil), ("{}", nil),
        ] as [(String, String?)])
    func topLevel(value: String, words: String?) throws {
        let signals = try FieldSelection.topLevel()
            .signals(of: Self.document(#"{"lag":\#(value)}"#), prefix: "doctor.")
        guard let words else {
            #expect(signals.isEmpty)
            return
        }
        #expect(
            signals.map(\.value)
                == [.absent(why: "missing_field", detail: "no number or boolean, \(words)")])
    }

    @Test(
        "a status and a time of a report",
        arguments: [
            (#"{"status":"degraded"}"#, #"status is not pass, warn or fail, but "degraded""#),
            (#"{"status":1}"#, "but 1"), ("{}", "status is missing"),
            (#"{"status":"pass","time":"noon"}"#, #"time is no time, but "noon""#),
            (
                #"{"status":"pass","checks":{"ntp":[{"status":"maybe"}]}}"#,
                #"checks: ntp: status is not pass, warn or fail, but "maybe""#
            ),
        ])
    func doctor(text: String, words: String) throws {
        let document = try Self.document(text)
        let reason = Self.reason { () throws(MissingData) in
            _ = try DoctorReport(reading: document)
        }
        #expect(reason.contains(words), "\(reason)")
    }

    @Test(
        "a query's result",
        arguments: [
            (
                #""resultType":"matrix","result":[]"#,
                #"neither a scalar nor a vector, but "matrix""#
            ),
            (#""resultType":"vector","result":[{"value":[1,"many"]}]"#, #"but "many""#),
            (#""resultType":"vector","result":[{"value":[1,5]}]"#, "no number, but 5"),
            (
                #""resultType":"vector","result":[{"metric":{"le":"big"},"value":[1,"5"]}]"#,
                #"the label le is no number, but "big""#
            ),
        ])
    func query(data: String, words: String) {
        let body = Array(#"{"status":"success","data":{\#(data)}}"#.utf8)
        let reason = Self.reason { () throws(MissingData) in
            _ = try QueryAnswer(reading: body).histogram(scale: 1)
        }
        #expect(reason.contains(words), "\(reason)")
    }

    @Test("a number that is none")
    func infinite() {
        for (number, words) in [(Double.infinity, "inf"), (-.infinity, "-inf"), (.nan, "nan")] {
            let value = SignalDeclaration("canary.x").number(number).value
            #expect(
                value
                    == .absent(why: "garbage", detail: "not a finite number, but \(words)"))
        }
    }
}
