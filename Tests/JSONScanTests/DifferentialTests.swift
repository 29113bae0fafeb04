import Foundation
import JSONScan
import Testing

/// Foundation's parser as the second opinion.
@Suite("Against Foundation")
struct DifferentialTests {
    private func foundation(_ bytes: [UInt8]) -> Any? {
        try? JSONSerialization.jsonObject(with: Data(bytes), options: [.fragmentsAllowed])
    }

    /// Whether the two parsers are known to differ: each reason is one where ours
    /// is the RFC's reading or deliberately stricter.
    private func isKnownDifference(_ bytes: [UInt8], _ fault: JSONFault?) -> Bool {
        // Foundation detects UTF-16 and UTF-32 and takes a byte-order mark.
        if bytes.contains(0) || bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return true }
        // Foundation replaces or refuses numbers out of a Double's range; ours keeps their text.
        if fault == nil, bytes.contains(where: { $0 | 0x20 == 0x65 }) { return true }
        // Foundation takes a comma before a closing bracket.
        if let fault, fault.reason == .unexpectedByte, fault.offset > 0,
            bytes[fault.offset] == UInt8(ascii: "]") || bytes[fault.offset] == UInt8(ascii: "}")
        {
            let before = bytes[..<fault.offset].last { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
            return before == UInt8(ascii: ",")
        }
        return false
    }

    @Test("random documents: both accept, and read the same")
    func documents() throws {
        var random = SeededRandom(21)
        for _ in 0..<2000 {
            let tree = RandomJSON.tree(depth: 5, &random)
            var writer = JSONWriter()
            writer.value(tree)
            let theirs = try #require(foundation(writer.bytes))
            #expect(same(tree, theirs), "\(writer.text)")
        }
    }

    @Test("mutated documents: both accept or both refuse", arguments: 1...8)
    func mutations(seed: Int) {
        var random = SeededRandom(UInt64(seed) * 7919)
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
            let ours = fault(of: bytes, limits: JSONLimits(maxBytes: .max, maxDepth: 512))
            let theirs = foundation(bytes) != nil
            if (ours == nil) != theirs, !isKnownDifference(bytes, ours) {
                Issue.record(
                    "\(String(decoding: bytes, as: UTF8.self)) | \(bytes) | ours: \(ours.map { "\($0)" } ?? "accepted"), theirs: \(theirs)"
                )
            }
            if ours == nil { accepted += 1 }
        }
        #expect(accepted > 400)
    }

    private func same(_ ours: JSONValue, _ theirs: Any) -> Bool {
        switch ours {
        case .null: return theirs is NSNull
        case .bool(let flag): return (theirs as? Bool) == flag
        case .number:
            // Foundation goes through Decimal: a few units in the last place off.
            guard let theirs = theirs as? Double, let ours = ours.double else { return false }
            return abs(theirs - ours) <= 8 * ours.ulp
        case .string(let text):
            return (theirs as? String).map { Array($0.utf8) == Array(text.utf8) } ?? false
        case .array(let elements):
            guard let list = theirs as? [Any], list.count == elements.count else { return false }
            return zip(elements, list).allSatisfy { same($0, $1) }
        case .object(let members):
            guard let dictionary = theirs as? [String: Any] else { return false }
            return members.allSatisfy { member in
                dictionary[member.key].map { same(member.value, $0) } ?? false
            }
        }
    }
}
