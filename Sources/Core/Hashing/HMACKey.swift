import CCrypto

/// A key of HMAC-SHA256 (RFC 2104).
public struct HMACKey: Sendable {
    private let key: [UInt8]

    public init(_ key: [UInt8]) { self.key = key }

    /// Returns a key of 32 bytes from the system's random number generator.
    public static func random() -> HMACKey {
        var system = SystemRandomNumberGenerator()
        return HMACKey(
            (0..<SHA256.length).map { _ in UInt8.random(in: .min ... .max, using: &system) })
    }

    /// Returns the authentication code of a message: 32 bytes.
    public func code(for message: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: SHA256.length) { out, count in
            let code = HMAC(
                EVP_sha256(), key, Int32(clamping: key.count), message, message.count,
                out.baseAddress, nil)
            // Without memory, or with a configuration of OpenSSL that leaves SHA-256 out. Nothing that
            // is signed could be told from a forgery, so the process must not go on.
            guard code != nil else { fatalError("OpenSSL's libcrypto cannot compute HMAC-SHA256") }
            count = SHA256.length
        }
    }

    /// Whether `code` is the authentication code of `message`. The comparison takes as long for a
    /// wrong code as for the right one.
    public func verifies(_ code: [UInt8], for message: [UInt8]) -> Bool {
        let own = self.code(for: message)
        return code.count == own.count && CRYPTO_memcmp(code, own, own.count) == 0
    }
}
