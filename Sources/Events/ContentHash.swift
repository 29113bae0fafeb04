import Core

/// SHA-256 (FIPS 180-4) in the text forms that the product uses.
public enum ContentHash {
    /// Returns 64 lowercase hex digits.
    public static func hex(_ bytes: some Sequence<UInt8>) -> String {
        hexDigits(digest(bytes))
    }

    /// Returns `sha256:` and 64 hex digits, which identify a policy or binary in documents.
    public static func named(_ bytes: some Sequence<UInt8>) -> String { "sha256:" + hex(bytes) }

    /// Returns the first 8 of the 32 bytes as 16 lowercase hex digits.
    static func shortHex(_ bytes: UnsafeRawBufferPointer) -> String {
        SHA256.withDigest(of: bytes) { digest in
            String(unsafeUninitializedCapacity: 16) { out in
                for index in 0..<8 {
                    out[2 * index] = digit(digest[index] >> 4)
                    out[2 * index + 1] = digit(digest[index] & 15)
                }
                return 16
            }
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    /// Returns the 32 bytes of the digest.
    public static func digest(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        SHA256.digest(Array(bytes))
    }

    /// Returns the bytes as lowercase hex digits.
    public static func hexDigits(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var out: [UInt8] = []
        for byte in bytes {
            out.append(digits[Int(byte >> 4)])
            out.append(digits[Int(byte & 15)])
        }
        return String(decoding: out, as: UTF8.self)
    }
}
