public import JSON

/// Random trees and texts for tests.
public enum RandomJSON {
    public static func tree(depth: Int, _ random: inout SeededRandom) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .number("\(Int64.random(in: -1_000_000...1_000_000, using: &random))")
        case 3: return .number(JSONNumber.text(Double.random(in: -1e6...1e6, using: &random)))
        case 4: return .string(text(&random))
        case 5:
            return .array(
                (0..<Int.random(in: 0...4, using: &random)).map { _ in
                    tree(depth: depth - 1, &random)
                })
        default:
            return .object(
                (0..<Int.random(in: 0...4, using: &random)).map { i in
                    .init("\(i)" + text(&random), tree(depth: depth - 1, &random))
                })
        }
    }

    public static func text(_ random: inout SeededRandom) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            let limit: UInt32 =
                [0x20, 0x80, 0x3000, 0x110000].randomElement(using: &random) ?? 0x80
            if let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &random)) {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
