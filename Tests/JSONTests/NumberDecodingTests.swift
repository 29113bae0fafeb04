import JSON
import TestSupport
import Testing

@Suite("Numbers are parsed like the standard library does, to the bit")
struct NumberDecodingTests {
    private static func read(_ text: String) throws -> Double? {
        try Array(text.utf8).withUnsafeBytes { bytes in
            try JSONScanner.validate(bytes, limits: .event).number(in: bytes)
        }
    }

    @Test(
        "corner cases",
        arguments: [
            "0", "-0", "0.0", "-0.0", "1", "-1", "0.1", "0.01900", "123456789012345",
            "1234567890123456", "0.000000000000001", "0.0000000000000001", "999999999999999.9",
            "99999999999999.9", "9007199254740993", "1e3", "1E-7", "-2.5e+10", "4.35", "0.3",
            "1e400", "179769313486231570000000000000000000000",
        ])
    func corners(_ text: String) throws {
        #expect(try #require(try Self.read(text)).bitPattern == Double(text)?.bitPattern)
    }

    @Test("a hundred thousand random decimals")
    func random() throws {
        var random = SeededRandom(seed: 41)
        for _ in 0..<100_000 {
            var text = Bool.random(using: &random) ? "-" : ""
            let most = UInt64(1) << UInt64.random(in: 0...60, using: &random)
            text += String(UInt64.random(in: 0...most, using: &random))
            let decimals = Int.random(in: 0...17, using: &random)
            if decimals > 0 {
                text += "."
                for _ in 0..<decimals { text += String(Int.random(in: 0...9, using: &random)) }
            }
            let value = try Self.read(text)
            try #require(value?.bitPattern == Double(text)?.bitPattern, "\(text)")
        }
    }
}
