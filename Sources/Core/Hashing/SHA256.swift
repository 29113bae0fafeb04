import CCrypto

/// SHA-256 (FIPS 180-4) over bytes that arrive in pieces.
public struct SHA256: Sendable {
    /// The length of a digest in bytes.
    public static let length = 32

    private var context = SHA256_CTX()

    public init() { SHA256_Init(&context) }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        SHA256_Update(&context, bytes.baseAddress, bytes.count)
    }

    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// Returns the digest of all bytes so far.
    public func finish() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Self.length) { out, count in
            // `SHA256_Final` clears the context: a copy of it keeps this value usable.
            var last = context
            SHA256_Final(out.baseAddress, &last)
            count = Self.length
        }
    }

    /// Returns the digest of `bytes`.
    public static func digest(_ bytes: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finish()
    }

    /// Calls `body` with the digest of `bytes`. Allocates nothing: it runs for each line of a log.
    public static func withDigest<Value>(
        of bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Value
    ) -> Value {
        withUnsafeTemporaryAllocation(byteCount: length, alignment: 1) { out in
            var hash = SHA256()
            hash.update(bytes)
            SHA256_Final(out.baseAddress?.assumingMemoryBound(to: UInt8.self), &hash.context)
            return body(UnsafeRawBufferPointer(out))
        }
    }
}

/// MD5 (RFC 1321), for checksums that a protocol demands. It protects nothing.
public enum MD5Sum {
    /// The length of a digest in bytes.
    private static let length = 16

    /// Returns the digest of `bytes`.
    public static func digest(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: length) { out, count in
            var context = MD5_CTX()
            MD5_Init(&context)
            _ = bytes.withUnsafeBytes { MD5_Update(&context, $0.baseAddress, $0.count) }
            MD5_Final(out.baseAddress, &context)
            count = length
        }
    }
}
