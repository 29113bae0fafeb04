import Foundation
import Settings
import TestSupport
import Testing

@Suite("Invalid YAML")
struct SyntaxTests {
    @Test(
        "a syntax error has its line and a remedy",
        arguments: [
            ("a: 1\n\tb: 2\n", 2), ("listen: {address: x\n", 2), ("node: \"a\nb: c\n", 3),
            ("node: a\n  az: b\n", 2), ("node: @a\n", 1), ("node: *nobody\n", 1),
            ("node: a\u{1}\n", 1), ("a: b\n---\nc: d\n", 2),
        ])
    func syntax(text: String, line: Int) throws {
        let found = faults(of: text)
        #expect(found.count == 1)
        #expect(found.first?.line == line, "\(found)")
        #expect(found.first?.fault.contains("not YAML") == true)
        #expect(found.first?.remedy.isEmpty == false)
    }

    @Test("a repeated key is reported with all other faults")
    func twice() {
        #expect(
            messages(
                of: """
                    az: a
                    listen: {hosts: [], "hosts": [b], hosts: [c]}
                    az: b c
                    log: {max_bites: 1GiB}
                    """)
                == [
                    "b.yaml:1:1: az: given twice; keep one of the two",
                    "b.yaml:2:10: listen.hosts: given twice; keep one of the two",
                    "b.yaml:2:21: listen.hosts: given twice; keep one of the two",
                    "b.yaml:3:5: az: \"b c\" is not a name; "
                        + "use letters, digits, '.', '_' and '-', at most 64",
                    "b.yaml:4:7: log.max_bites: unknown key; did you mean max_bytes?",
                ])
    }

    @Test("hostile texts are refused quickly, with a fault")
    func hostile() {
        var bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n"
        for (outer, inner) in zip("bcdefghij", "abcdefghi") {
            bomb +=
                "\(outer): &\(outer) ["
                + Array(repeating: "*\(inner)", count: 9).joined(separator: ",") + "]\n"
        }
        #expect(faults(of: bomb).map(\.fault) == ["more than 20000 values"])
        for key in ["? *j\n: 1\n", "*j : 1\n", "{[*j]: 1}\n"] {
            #expect(
                messages(of: bomb + key) == [
                    "b.yaml: more than 12 aliases (*name); write the values out"
                ])
        }

        for nested in ["[", "{a: ", "- ", "? "] {
            let deep = String(repeating: nested, count: 100_000)
            #expect(!faults(of: deep).isEmpty)
            let deepish = String(repeating: nested, count: 400)
            #expect(!faults(of: deepish).isEmpty)
        }
        let closed = String(repeating: "[", count: 400) + String(repeating: "]", count: 400)
        #expect(faults(of: "az: \(closed)").first?.fault == "nested deeper than 24 levels")

        let long = "az: [" + String(repeating: "x, ", count: 30_000) + "]"
        #expect(faults(of: long).first?.fault == "more than 20000 values")
        #expect(
            faults(of: String(repeating: "#", count: 1 << 20) + "\n").first?.fault
                == "larger than 1MiB")
    }

    @Test("a few aliases are followed")
    func aliases() throws {
        let settings = try Settings.parse(
            text:
                "digest: {window: &w 2m, repeat: *w}\n# *a *b *c and \"*.example\" are not aliases\n"
        )
        #expect(settings.digest.repeatEvery == .seconds(120))
    }

    @Test("text of the file in a message cannot affect a terminal")
    func inert() {
        let found = messages(of: "az: \"\\e[31m\\u202E\\n\"\n\"\\e[2J\": 1\n")
        #expect(found.count == 2)
        for scalar in found.joined().unicodeScalars {
            #expect(scalar.properties.generalCategory != .control)
            #expect(scalar.properties.generalCategory != .format)
        }
    }

    @Test("random edits of a real file are read or refused, without a crash")
    func mutations() throws {
        let original = Array(try ShippedFilesTests.text("bellwether.yaml").utf8)
        var random = SeededRandom(seed: 20_261_123)
        for _ in 0..<300 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[at] = UInt8.random(in: 0...127, using: &random)
                case 1: bytes.remove(at: at)
                case 2:
                    bytes.insert(
                        contentsOf: "{}[]&*!|>'\":-#?%@`~\n\t".utf8.shuffled(using: &random).prefix(
                            2), at: at)
                default:
                    let from = Int.random(in: 0..<bytes.count, using: &random)
                    let piece = bytes[from..<min(bytes.count, from + 60)]
                    bytes.insert(contentsOf: piece, at: at)
                }
            }
            let found = faults(of: String(decoding: bytes, as: UTF8.self))
            #expect(found.allSatisfy { !$0.fault.isEmpty && $0.file == "b.yaml" })
        }
    }
}
