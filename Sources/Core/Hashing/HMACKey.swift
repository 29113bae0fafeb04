import CCrypto

/// A key of HMAC-SHA256 (RFC 2104).
public struct HMACKey: Sendable {
    /// The hashes after the padded key: what is left for a message is the message itself.
    private let inner: SHA256
    private let outer: SHA256

    public init(_ key: [UInt8]) {
        var padded = key.count > SHA256.block ? SHA256.digest(key) : key
        padded += [UInt8](repeating: 0, count: SHA256.block - padded.count)
        var inner = SHA256()
        inner.update(padded.map { $0 ^ 0x36 })
        var outer = SHA256()
        outer.update(padded.map { $0 ^ 0x5C })
        (self.inner, self.outer) = (inner, outer)
    }

    /// Returns a key of 32 bytes from the system's random number generator.
    public static func random() -> HMACKey {
        var system = SystemRandomNumberGenerator()
        return HMACKey(
            (0..<SHA256.length).map { _ in UInt8.random(in: .min ... .max, using: &system) })
    }

    /// Returns the authentication code of a message: 32 bytes.
    public func code(for message: [UInt8]) -> [UInt8] {
        var (inner, outer) = (self.inner, self.outer)
        inner.update(message)
        outer.update(inner.finish())
        return outer.finish()
    }

    /// Whether `code` is the authentication code of `message`. The comparison takes as long for a
    /// wrong code as for the right one.
    public func verifies(_ code: [UInt8], for message: [UInt8]) -> Bool {
        let own = self.code(for: message)
        return code.count == own.count && CRYPTO_memcmp(code, own, own.count) == 0
    }
}
