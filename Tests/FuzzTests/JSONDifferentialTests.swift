import JSON
import TestSupport
import Testing

/// Random and mutated documents for the target of the scanner.
@Suite("JSON against Foundation")
struct JSONDifferentialTests {
    @Test("random documents: both accept, and read the same values")
    func documents() throws {
        var random = SeededRandom(seed: 21)
        for _ in 0..<2000 {
            var writer = JSONWriter()
            writer.value(RandomJSON.tree(depth: 5, &random))
            try #require(JSONTarget.foundation(writer.bytes) != nil)
            #expect(throws: Never.self, "\(writer.text)") { try JSONTarget.run(writer.bytes) }
        }
    }

    @Test("mutated documents: both accept or both refuse", arguments: 1...8)
    func mutations(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed) * 7919)
        let pieces =
            Array(#"{}[]",:\0123456789-+.eEtrufalsn /bfdx"#.utf8) + [
                0x09, 0x0A, 0x1F, 0x7F, 0x80, 0xC3, 0xA9, 0xED, 0xF0, 0xFF,
            ]
        var accepted = 0
        for _ in 0..<4000 {
            var writer = JSONWriter()
            writer.value(RandomJSON.tree(depth: 3, &random))
            var bytes = writer.bytes
            for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                let piece = pieces.randomElement(using: &random) ?? 0
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = piece
                case 1: bytes.insert(piece, at: place)
                default: bytes.remove(at: place)
                }
            }
            #expect(throws: Never.self, "\(String(decoding: bytes, as: UTF8.self)) | \(bytes)") {
                try JSONTarget.run(bytes)
            }
            if (try? JSONValue(parsing: bytes, limits: JSONTarget.limits)) != nil { accepted += 1 }
        }
        #expect(accepted > 400)
    }
}
