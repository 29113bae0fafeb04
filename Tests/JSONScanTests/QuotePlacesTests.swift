import TestSupport
import Testing

@testable import JSONScan

@Suite("Where the quotes of a line are")
struct QuotePlacesTests {
    /// The places, by a look at each byte; nil where the line is not of the usual form.
    private static func plainly(_ line: [UInt8]) -> [Int]? {
        guard line.count <= 65_535,
            line.allSatisfy({ $0 >= 0x20 && $0 < 0x80 && $0 != UInt8(ascii: "\\") })
        else { return nil }
        let places = line.indices.filter { line[$0] == UInt8(ascii: "\"") }
        return places.isEmpty || places.count % 2 != 0 ? nil : places
    }

    /// By steps: each text begins at its quote, the next byte is behind its other one.
    private static func byTokens(_ line: [UInt8], _ quotes: inout QuotePlaces) -> [Int]? {
        line.withUnsafeBytes { bytes in
            quotes.withTokens(of: bytes) { tokens -> [Int]? in
                var places: [Int] = []
                for i in 0..<tokens.quoteCount { places.append(Int(tokens.quotes[i])) }
                return places
            }
        }
    }

    @Test("are found as by a look at each byte, whatever the line's length")
    func random() {
        var random = SeededRandom(seed: 5)
        var quotes = QuotePlaces()
        var plain = 0
        for n in 0..<6000 {
            let count = n < 400 ? n : Int.random(in: 0..<700, using: &random)
            var line = (0..<count).map { _ in UInt8.random(in: 0x20..<0x7F, using: &random) }
            for i in line.indices {
                if line[i] == UInt8(ascii: "\\") { line[i] = UInt8(ascii: "/") }
                if Int.random(in: 0..<6, using: &random) == 0 { line[i] = UInt8(ascii: "\"") }
            }
            if n % 3 == 0, !line.isEmpty {
                let spoilt: [UInt8] = [0x5C, 0x00, 0x1F, 0x0A, 0x80, 0xC3, 0xFF, 0x7F, 0x20]
                line[Int.random(in: 0..<count, using: &random)] =
                    spoilt[Int.random(in: 0..<spoilt.count, using: &random)]
            }
            let expected = Self.plainly(line)
            if expected != nil { plain += 1 }
            #expect(Self.byTokens(line, &quotes) == expected, "\(line)")
        }
        #expect(plain > 1000)
    }

    @Test("of a line with very many, or a very long one, are left to others")
    func bounds() {
        var quotes = QuotePlaces()
        for (count, isKnown) in [(1024, true), (1026, false), (40_000, false)] {
            let line = [UInt8](repeating: UInt8(ascii: "\""), count: count)
            #expect((Self.byTokens(line, &quotes) != nil) == isKnown, "\(count)")
        }
        for (count, isKnown) in [(65_535, true), (65_536, false)] {
            var line = [UInt8](repeating: UInt8(ascii: "x"), count: count)
            line[0] = UInt8(ascii: "\"")
            line[count - 1] = UInt8(ascii: "\"")
            #expect((Self.byTokens(line, &quotes) != nil) == isKnown, "\(count)")
        }
    }

    // MARK: - Numbers

    /// A line in which `text` comes next.
    private static func tokens<Result>(
        at text: String, _ body: (inout PlainTokens) -> Result?
    ) -> Result? {
        let line = Array((text + String(repeating: " ", count: 70) + "\"\"").utf8)
        var quotes = QuotePlaces()
        return line.withUnsafeBytes { bytes in
            quotes.withTokens(of: bytes) { start in
                var tokens = start
                return body(&tokens)
            }
        }
    }

    @Test("a short number is read as Swift reads it, and stepped over")
    func numbers() {
        var random = SeededRandom(seed: 8)
        for _ in 0..<20_000 {
            let whole = String(
                Int.random(
                    in: 0..<[10, 100, 1000, 99_999].randomElement(using: &random)!,
                    using: &random))
            var text = Bool.random(using: &random) ? whole : "-" + whole
            let room = 6 - whole.count
            if room > 0, Bool.random(using: &random) {
                text += "."
                for _ in 0..<Int.random(in: 1...room, using: &random) {
                    text += String(Int.random(in: 0...9, using: &random))
                }
            }
            let read = Self.tokens(at: text + ",") { tokens in
                tokens.readNumber().map { ($0, tokens.at) }
            }
            #expect(read?.0 == Double(text), "\(text)")
            #expect(read?.0.sign == Double(text)?.sign, "\(text)")
            #expect(read?.1 == text.utf8.count, "\(text)")
        }
    }

    @Test(
        "what is no short number is left as it was",
        arguments: [
            "", "-", ".5", "5.", "1e5", "1.5E2", "12345678", "1234.5678", "+1", "0x1", "1 ", "1]",
            "a", "\u{22}1\u{22}",
        ])
    func others(text: String) {
        let stays = Self.tokens(at: text + (text.hasSuffix("]") ? "" : ",")) { tokens in
            tokens.readNumber() == nil && tokens.at == 0
        }
        #expect(stays == true)
    }

    @Test("any number without an exponent is stepped over by RFC 8259, and nothing else")
    func skipping() {
        let good = [
            "0", "-0", "7", "10", "0.5", "-0.00608", "160.8", "12345678", "123456789.123456789",
            "1234567.8", "12345.67", "0.0000001", "99999999999999999999",
        ]
        for text in good {
            let end = Self.tokens(at: text + ",") { $0.skipNumber() ? $0.at : nil }
            #expect(end == text.utf8.count, "\(text)")
        }
        for text in [
            "", "-", "01", "-01", "00.5", "1.", "1.x", ".5", "1e5", "1.5e5", "1.5E5", "1.2.3",
            "1234567.", "12345678.", "012345678", "1234567.8.9", "123456789e1", "--1",
        ] {
            #expect(
                Self.tokens(at: text + ",") { $0.skipNumber() ? $0.at : nil } == nil, "\(text)")
        }
    }
}
