import Events
import TestSupport
import Testing

@testable import Probes

/// A sample of a metrics page.
private struct Sample: Hashable {
    var name: String
    var labels: [String: String]
    var value: Double
}

private func scan(_ page: String, _ names: [String]) throws(MissingData) -> [Sample] {
    try scan(Array(page.utf8), names)
}

private func scan(_ page: [UInt8], _ names: [String]) throws(MissingData) -> [Sample] {
    var samples: [Sample] = []
    try ExpositionScanner.scan(page, names: names) { name, labels, value in
        var sample = Sample(name: names[name], labels: [:], value: value)
        for entry in labels.entries {
            let key = Array(labels.bytes[entry.name])
            sample.labels[String(decoding: key, as: UTF8.self)] = labels.value(of: key).map {
                String(decoding: $0, as: UTF8.self)
            }
        }
        samples.append(sample)
    }
    return samples
}

@Suite("Parsing a metrics page")
struct ExpositionScannerTests {
    @Test("the example of the format's documentation")
    func documentation() throws {
        let page = #"""
            # HELP http_requests_total The total number of HTTP requests.
            # TYPE http_requests_total counter
            http_requests_total{method="post",code="200"} 1027 1395066363000
            http_requests_total{method="post",code="400"}    3 1395066363000

            # Escaping in label values:
            msdos_file_access_time_seconds{path="C:\\DIR\\FILE.TXT",error="Cannot find file:\n\"FILE.TXT\""} 1.458255915e9

            # Minimalistic line:
            metric_without_timestamp_and_labels 12.47

            # A weird metric from before the epoch:
            something_weird{problem="division by zero"} +Inf -3982045

            # A histogram, which has a pretty complex representation in the text format:
            http_request_duration_seconds_bucket{le="0.05"} 24054
            http_request_duration_seconds_bucket{le="+Inf"} 144320
            http_request_duration_seconds_sum 53423

            """#
        #expect(
            try scan(page, ["http_requests_total"]) == [
                Sample(
                    name: "http_requests_total", labels: ["method": "post", "code": "200"],
                    value: 1027),
                Sample(
                    name: "http_requests_total", labels: ["method": "post", "code": "400"],
                    value: 3),
            ])
        #expect(
            try scan(page, ["msdos_file_access_time_seconds"])[0].labels == [
                "path": #"C:\DIR\FILE.TXT"#, "error": "Cannot find file:\n\"FILE.TXT\"",
            ])
        #expect(
            try scan(page, ["metric_without_timestamp_and_labels"])[0].value == 12.47)
        #expect(try scan(page, ["something_weird"])[0].value == .infinity)
        // A name does not match a longer or a shorter one.
        #expect(try scan(page, ["http_request", "http_request_duration_seconds"]).isEmpty)
        #expect(try scan(page, ["http_request_duration_seconds_bucket"]).count == 2)
    }

    @Test("OpenMetrics: exemplars, floating-point timestamps, the EOF mark, quoted names")
    func openMetrics() throws {
        let page = #"""
            # TYPE foo counter
            foo_total{a="x"} 17.0 1520879607.789 # {trace_id="0xabc"} 0.67 1520879606.1
            foo_total{a="y"} 8 # {trace_id="{}\" 3"} 0.67
            {"foo_total",a="z"} 3
            {"other.metric"} 4
            {"foo_total"} 5
            # EOF
            """#
        let samples = try scan(page, ["foo_total"])
        #expect(samples.map(\.value) == [17, 8, 3, 5])
        #expect(samples.map { $0.labels["a"] } == ["x", "y", "z", nil])
    }

    @Test(
        "formats of numbers",
        arguments: [
            ("0", 0.0), ("12", 12), ("999999999999999999", 1e18), ("1e3", 1000),
            ("-2.5", -2.5), ("+4", 4), ("Inf", .infinity), ("+Inf", .infinity),
            ("-Inf", -.infinity), ("1267650600228229401496703205376", 0x1p100),
        ])
    func numbers(text: String, expected: Double) throws {
        #expect(try scan("m \(text)\n", ["m"]).map(\.value) == [expected])
        #expect(try scan("m{} \(text) 1\r\n", ["m"]).map(\.value) == [expected])
    }

    @Test("NaN is a valid number of the format")
    func notANumber() throws {
        #expect(try scan("m NaN\n", ["m"])[0].value.isNaN)
    }

    @Test("white space and trailing commas where the format permits them")
    func space() throws {
        let page = "  m \t{ a = \"1\" , b=\"2\", }\t7 \n\n m 8\n"
        #expect(
            try scan(page, ["m"]) == [
                Sample(name: "m", labels: ["a": "1", "b": "2"], value: 7),
                Sample(name: "m", labels: [:], value: 8),
            ])
    }

    @Test(
        "a malformed sample is reported with its line",
        arguments: [
            ("<html>", "not a metrics page in line 1"),
            ("a 1\n{\"m\": 1}\n", "a sample without a name in line 2"),
            ("[]", "not a metrics page in line 1"),
            ("m\n", "no number in line 1"),
            ("m", "no number in line 1"),
            ("m one\n", #"no number, but "one" in line 1"#),
            ("m 1 2 3\n", "more than a sample in line 1"),
            ("m 1 x\n", "no timestamp in line 1"),
            ("m{a} 1\n", "expected = in line 1"),
            ("m{a=1} 1\n", "expected \" in line 1"),
            ("m{1a=\"1\"} 1\n", "not a label name in line 1"),
            ("m{a=\"1\" b=\"2\"} 1\n", "a label list that does not end in line 1"),
            ("m{a=\"1\",a=\"2\"} 1\n", "a label twice in line 1"),
            ("m{a=\"1\n\"} 1\n", "a text that does not end in line 1"),
            ("m{a=\"1\\\n\"} 1\n", "a text that does not end in line 1"),
            ("m{a=\"1", "the page ends inside a line in line 1"),
            ("m{a=\"1\\", "the page ends inside a line in line 1"),
            ("m{", "the page ends inside a line in line 1"),
            ("m{a=\"1\"} 12", "the page ends without a line feed, as if cut off, in line 1"),
            ("m 1 # {}", "the page ends without a line feed, as if cut off, in line 1"),
        ])
    func garbage(page: String, words: String) {
        #expect(throws: MissingData(.garbage, words)) { try scan(page, ["m"]) }
    }

    @Test("lines of other metrics are not parsed")
    func others() throws {
        #expect(try scan("other{{{ \"\nm 1\nmm{broken\n", ["m"]).map(\.value) == [1])
        #expect(try scan("", ["m"]).isEmpty)
    }

    @Test("very large label sets and numbers are refused, not stored")
    func bounded() {
        let labels = (0..<1000).map { "l\($0)=\"\"" }.joined(separator: ",")
        #expect(throws: MissingData(.tooLarge, "more than 128 labels in line 1")) {
            try scan("m{\(labels)} 1\n", ["m"])
        }
        let digits = String(repeating: "1", count: 65)
        let shown = digits.prefix(40)
        #expect(throws: MissingData(.garbage, "no number, but \"\(shown)\" in line 1")) {
            try scan("m \(digits)\n", ["m"])
        }
    }

    @Test("written samples are read back", arguments: 0..<50)
    func roundTrip(seed: UInt64) throws {
        var generator = SeededRandom(seed: seed)
        let alphabet: [Character] = ["a", "\\", "\"", "\n", "{", "}", ",", "é", " ", "#", "n"]
        var expected: [Sample] = []
        var page = ""
        for _ in 0..<40 {
            var labels: [String: String] = [:]
            for label in ["code", "role", "le"] where Bool.random(using: &generator) {
                let length = Int.random(in: 0..<8, using: &generator)
                labels[label] = String(
                    (0..<length).map { _ in alphabet.randomElement(using: &generator) ?? "a" })
            }
            let value = Double(Int.random(in: 0..<1_000_000, using: &generator)) / 8
            let name = ["m", "n", "mn"].randomElement(using: &generator) ?? "m"
            let list = labels.shuffled(using: &generator).map { "\($0)=\"\(escape($1))\"" }
            page += "\(name){\(list.joined(separator: ","))} \(value)\n"
            if Bool.random(using: &generator) { page += "# a comment about m{ 3\n" }
            if name != "n" { expected.append(Sample(name: name, labels: labels, value: value)) }
        }
        #expect(try scan(page, ["m", "mn"]) == expected)
    }

    private func escape(_ text: String) -> String {
        String(
            text.flatMap { character -> [Character] in
                switch character {
                case "\\": ["\\", "\\"]
                case "\"": ["\\", "\""]
                case "\n": ["\\", "n"]
                default: [character]
                }
            })
    }

    @Test("mutated pages are read or refused, with at most one sample per line", arguments: 0..<40)
    func mutations(seed: UInt64) {
        let page = Array(
            """
            # TYPE m counter
            m{role="canary",code="200",path="a\\\\b\\"c\\n"} 1027 1395066363000
            m{role="stable",code="503"} 3.5e2 # {trace="x"} 1
            {"m",role="x"} 4
            m_bucket{le="+Inf"} 12
            """.utf8)
        var generator = SeededRandom(seed: seed)
        let interesting = Array("\"\\{}=,#\n \t\r0eE+-.mN\u{0}".utf8) + [0xFF, 0x80]
        for _ in 0..<500 {
            var mutant = page
            for _ in 0...Int.random(in: 0..<6, using: &generator) {
                let at = Int.random(in: 0..<mutant.count, using: &generator)
                let byte = interesting.randomElement(using: &generator) ?? 0
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: mutant[at] = byte
                case 1: mutant.insert(byte, at: at)
                case 2: mutant.remove(at: at)
                default: mutant.removeSubrange(at...)
                }
                if mutant.isEmpty { break }
            }
            let lines = mutant.count { $0 == UInt8(ascii: "\n") } + 1
            do throws(MissingData) {
                let samples = try scan(mutant, ["m", "m_bucket"])
                #expect(samples.count <= lines)
            } catch {
                #expect(error.reason == .garbage || error.reason == .tooLarge)
                #expect(error.detail.unicodeScalars.count <= MissingData.detailLimit)
            }
        }
    }
}
