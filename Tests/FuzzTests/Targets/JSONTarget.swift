import Foundation
import JSON

/// The scanner and the tree against Foundation's parser: they accept the same texts and read the
/// same values.
///
/// Only these differences are intended:
/// - Foundation accepts UTF-16, UTF-32 and byte order marks, and a comma before a closing
///   bracket. Ours refuses them (RFC 8259 §8.1, §4, §5).
/// - Foundation refuses or rounds numbers that a `Double` cannot hold; ours keeps their text.
/// - A repeated key in one object: Foundation keeps one of the two, our tree refuses. Two
///   spellings of one key are two keys for ours (RFC 8259 §8.3).
/// - Foundation drops U+FEFF after an escape in a string; ours keeps it, because inside a string
///   it is a character (RFC 8259 §7).
/// - Foundation calculates with `Decimal`, one power of ten at a time: doubles differ by a few
///   units in the last place, and by one more for each power.
enum JSONTarget {
    /// Foundation's own limit of nesting.
    static let limits = JSONLimits(maxBytes: .max, maxDepth: 512)
    private static let unique = JSONLimits(maxBytes: .max, maxDepth: 512, uniqueKeys: true)

    static func run(_ input: [UInt8]) throws {
        let ours = fault(input) { bytes throws(JSONFault) in
            try JSONScanner.validate(bytes, limits: limits)
        }
        try agreesWithItself(input, ours)
        try agrees(ours, input, foundation(input))
        guard ours == nil, let tree = try? JSONValue(parsing: input, limits: limits) else { return }
        try survivesWriting(tree)
        if let theirs = foundation(input) {
            try require(same(tree, theirs), "read as \(tree), by Foundation as \(theirs)")
        }
    }

    /// Foundation's result; nil if it refuses the text.
    static func foundation(_ bytes: [UInt8]) -> Any? {
        try? JSONSerialization.jsonObject(with: Data(bytes), options: [.fragmentsAllowed])
    }

    /// Throws if only one of the two accepts the text, except for the intended differences.
    static func agrees(_ ours: JSONFault?, _ bytes: [UInt8], _ theirs: Any?) throws {
        guard (ours == nil) != (theirs != nil), !isMeant(ours, bytes) else { return }
        throw Finding(
            "ours: \(ours.map { "\($0)" } ?? "accepted"), Foundation: "
                + (theirs == nil ? "refused" : "accepted"))
    }

    private static func isMeant(_ ours: JSONFault?, _ bytes: [UInt8]) -> Bool {
        if ours != nil, bytes.prefix(4).contains(0) { return true }
        let marks: [[UInt8]] = [[0xEF, 0xBB, 0xBF], [0xFE, 0xFF], [0xFF, 0xFE]]
        if ours != nil, marks.contains(where: { bytes.starts(with: $0) }) { return true }
        guard let ours else { return holdsHugeNumber(bytes) }
        guard ours.reason == .unexpectedByte, ours.offset > 0,
            bytes[ours.offset] == UInt8(ascii: "]") || bytes[ours.offset] == UInt8(ascii: "}")
        else { return false }
        return bytes[..<ours.offset].last { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
            == UInt8(ascii: ",")
    }

    /// Whether a text that ours accepts contains a number that Foundation cannot hold.
    private static func holdsHugeNumber(_ bytes: [UInt8]) -> Bool {
        let isNumeric = { (byte: UInt8) in
            byte &- 0x30 < 10 || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains(byte)
        }
        return bytes.split { !isNumeric($0) }.contains { text in
            text.contains { $0 | 0x20 == 0x65 } || text.count > 30
        }
    }

    // MARK: - Ours against ours

    /// Every use of the scanner gives the same result.
    private static func agreesWithItself(_ input: [UInt8], _ ours: JSONFault?) throws {
        let members = fault(input) { bytes throws(JSONFault) in
            try JSONScanner.members(of: bytes, limits: limits) { (_, _) throws(JSONFault) in }
        }
        try require(
            members == ours || members?.reason == .notAnObject,
            "\(ours as Any), by its members \(members as Any)")
        let uniqueFault = fault(input) { bytes throws(JSONFault) in
            try JSONScanner.validate(bytes, limits: unique)
        }
        let treeFault = fault(input) { bytes throws(JSONFault) in
            _ = try JSONValue(parsing: bytes, limits: limits)
        }
        try require(
            (uniqueFault == nil) == (treeFault == nil),
            "unique keys: \(uniqueFault as Any), tree: \(treeFault as Any)")
        if let ours {
            // A repeated key may precede it.
            try require(
                uniqueFault == ours || uniqueFault?.reason == .duplicateKey,
                "\(ours), with unique keys \(uniqueFault as Any)")
        } else if let treeFault {
            try require(treeFault.reason == .duplicateKey, "the tree refuses: \(treeFault)")
        }
    }

    private static func fault(
        _ input: [UInt8], _ read: (UnsafeRawBufferPointer) throws(JSONFault) -> Void
    ) -> JSONFault? {
        input.withUnsafeBytes { bytes in
            do throws(JSONFault) {
                try read(bytes)
                return nil
            } catch { return error }
        }
    }

    private static func survivesWriting(_ tree: JSONValue) throws {
        var writer = JSONWriter()
        writer.value(tree)
        let again = try? JSONValue(parsing: writer.bytes, limits: limits)
        try require(again == tree, "written as \(writer.text), read again as \(again as Any)")
    }

    /// Whether Foundation's value is the same as ours.
    static func same(_ ours: JSONValue, _ theirs: Any) -> Bool {
        switch ours {
        case .null: return theirs is NSNull
        case .bool(let flag): return (theirs as? Bool) == flag
        case .number:
            guard let number = (theirs as? NSNumber)?.doubleValue, let ours = ours.double else {
                return false
            }
            let powers = ours.isNormal ? abs(log10(abs(ours))) : 0
            return ours == number || abs(number - ours) <= (8 + powers) * ours.ulp
        case .string(let text):
            return (theirs as? String).map {
                Array(unmarked($0).utf8) == Array(unmarked(text).utf8)
            } ?? false
        case .array(let elements):
            guard let list = theirs as? [Any], list.count == elements.count else { return false }
            return zip(elements, list).allSatisfy { same($0, $1) }
        case .object(let members):
            guard let dictionary = theirs as? [String: Any] else { return false }
            // Foundation's keys are strings, for which two spellings of one letter are equal.
            if Set(members.map { unmarked($0.key) }).count < members.count { return true }
            let unmarkedKeys = Dictionary(
                dictionary.map { (unmarked($0.key), $0.value) }, uniquingKeysWith: { one, _ in one }
            )
            return members.allSatisfy { member in
                unmarkedKeys[unmarked(member.key)].map { same(member.value, $0) } ?? false
            }
        }
    }

    private static func unmarked(_ text: String) -> String {
        var text = text
        text.unicodeScalars.removeAll { $0 == "\u{FEFF}" }
        return text
    }
}
