import Core
import Events

/// All token hashes at one moment, compared without access to the store.
///
/// A comparison reads every hash and never returns early, so its duration does not reveal which
/// hash matched, or how far (RFC 6819 §4.6.3 describes the attack). The compared values are SHA-256
/// of 256-bit random values, so neither a salt nor a slow hash is needed.
final class TokenSnapshot: Sendable {
    struct Entry: Sendable {
        let hash: [UInt8]
        let record: TokenRecord
    }

    let records: [TokenRecord]
    /// Per record, a keyed hash of the token that distinguishes tokens with the same id. A line of
    /// a token file keeps its id when its token is replaced.
    private let instances: [UInt64]
    private let hashes: [SIMD4<UInt64>]

    init(_ entries: [Entry] = [], key: HMACKey = .random()) {
        records = entries.map(\.record)
        instances = entries.map { entry in
            key.code(for: entry.hash).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        }
        hashes = entries.map { $0.hash.withUnsafeBytes(Self.words) }
    }

    /// The record whose hash is `hash` (32 bytes), and its instance.
    func match(
        _ hash: UnsafeRawBufferPointer
    ) -> (record: TokenRecord, instance: UInt64)? {
        let wanted = Self.words(of: hash)
        var found: UInt64 = 0
        for index in 0..<hashes.count {
            let parts = hashes[index] ^ wanted
            let difference = parts[0] | parts[1] | parts[2] | parts[3]
            // 1 if equal, else 0; computed without a branch.
            let equal = ((difference | (0 &- difference)) >> 63) ^ 1
            found |= (0 &- equal) & UInt64(index + 1)
        }
        return found == 0 ? nil : (records[Int(found) - 1], instances[Int(found) - 1])
    }

    /// The record of a previously accepted token; nil if the token was removed or replaced.
    /// Compares ids, not secrets, so the duration need not be constant.
    func record(of identity: Identity) -> TokenRecord? {
        zip(records, instances).first { $0.0.id == identity.id && $0.1 == identity.instance }?.0
    }

    /// Pads fewer than 32 bytes with zeros; ignores further bytes.
    private static func words(of hash: UnsafeRawBufferPointer) -> SIMD4<UInt64> {
        var words = SIMD4<UInt64>()
        for (index, byte) in hash.prefix(32).enumerated() {
            words[index / 8] = words[index / 8] << 8 | UInt64(byte)
        }
        return words
    }
}
