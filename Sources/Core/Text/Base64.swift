#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Base64 (RFC 4648) in both alphabets.
public enum Base64 {
    /// Encodes with the standard alphabet and padding (§4).
    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString()
    }

    /// Encodes with the URL and filename safe alphabet, without padding (§5).
    public static func encodeURL(_ bytes: some Sequence<UInt8>) -> String {
        String(
            encode(bytes).prefix { $0 != "=" }.map { character -> Character in
                switch character {
                case "+": "-"
                case "/": "_"
                default: character
                }
            })
    }

    /// Decodes the standard alphabet; padding may be missing.
    ///
    /// Returns nil for other characters, an impossible length, and unused bits that are not zero.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let digits = text.prefix { $0 != "=" }
        let padding = text.dropFirst(digits.count)
        guard padding.count <= 2, padding.allSatisfy({ $0 == "=" }) else { return nil }
        let padded = digits + String(repeating: "=", count: -digits.utf8.count & 3)
        // Foundation ignores unused bits, so the result is compared with its canonical text.
        guard let data = Data(base64Encoded: padded), data.base64EncodedString() == padded else {
            return nil
        }
        return Array(data)
    }

    /// Decodes either alphabet; otherwise as `decode`.
    public static func decodeURL(_ text: some StringProtocol) -> [UInt8]? {
        decode(
            String(
                text.map { character -> Character in
                    switch character {
                    case "-": "+"
                    case "_": "/"
                    default: character
                    }
                }))
    }
}
