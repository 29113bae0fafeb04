/// Percent-encoding of URLs (RFC 3986 §2.1).
public enum PercentCoding {
    /// Encodes each byte of the text's UTF-8 but ASCII letters, digits and `kept`.
    ///
    /// The result is inert in a path segment, a query and a fragment, and in the markup around a URL.
    ///
    /// - Parameter kept: By default the other unreserved characters (§2.3).
    public static func encode(_ text: String, keeping kept: StaticString = "-._~") -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var out: [UInt8] = []
        kept.withUTF8Buffer { kept in
            for byte in text.utf8 {
                if byte.isAlphanumeric || kept.contains(byte) {
                    out.append(byte)
                } else {
                    out += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
                }
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The decoded text; nil for an invalid escape or bytes that are not UTF-8.
    ///
    /// - Parameter plusIsBlank: Whether the text is `application/x-www-form-urlencoded`.
    public static func decode(_ text: some StringProtocol, plusIsBlank: Bool = false) -> String? {
        var out: [UInt8] = []
        var bytes = text.utf8.makeIterator()
        while let byte = bytes.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = bytes.next()?.hexValue, let low = bytes.next()?.hexValue else {
                    return nil
                }
                out.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsBlank: out.append(0x20)
            default: out.append(byte)
            }
        }
        return String(validating: out, as: UTF8.self)
    }
}
