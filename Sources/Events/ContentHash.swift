import Crypto

/// SHA-256 (FIPS 180-4) in the spellings that the product uses.
public enum ContentHash {
    /// 64 lower-case hex digits.
    public static func hex(_ bytes: some Sequence<UInt8>) -> String {
        hexDigits(digest(bytes))
    }

    /// `sha256:` and 64 hex digits: how documents name a policy or a binary.
    public static func named(_ bytes: some Sequence<UInt8>) -> String { "sha256:" + hex(bytes) }

    /// The 32 bytes.
    public static func digest(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        Array(SHA256.hash(data: Array(bytes)))
    }

    /// The bytes as lower-case hex digits.
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
