import Crypto
import Events

/// Every token's hash at one moment, for comparing without touching the store.
///
/// A comparison reads every hash and never leaves early, so that its duration
/// says nothing about which one matched, or how far (RFC 6819 §4.6.3 names the
/// attack). What is compared is SHA-256 of a 256-bit random value: no salt or
/// slow hash is needed, there is nothing to guess.
final class TokenSnapshot: Sendable {
    struct Entry: Sendable {
        let hash: [UInt8]
        let record: TokenRecord
    }

    let records: [TokenRecord]
    /// By place of the record, which token of its id it is, told by its hash with a key of this
    /// process: a line of a token file keeps its id when another token takes its place.
    private let instances: [UInt64]
    private let hashes: [SIMD4<UInt64>]

    init(_ entries: [Entry] = [], key: SymmetricKey = SymmetricKey(size: .bits256)) {
        records = entries.map(\.record)
        instances = entries.map { entry in
            HMAC<SHA256>.authenticationCode(for: entry.hash, using: key).prefix(8)
                .reduce(0) { $0 << 8 | UInt64($1) }
        }
        hashes = entries.map { $0.hash.withUnsafeBytes(Self.words) }
    }

    /// The record whose hash is `hash` (32 bytes), and which token of its id it is.
    func match(
        _ hash: UnsafeRawBufferPointer
    ) -> (record: TokenRecord, instance: UInt64)? {
        let wanted = Self.words(of: hash)
        var found: UInt64 = 0
        for index in 0..<hashes.count {
            let parts = hashes[index] ^ wanted
            let difference = parts[0] | parts[1] | parts[2] | parts[3]
            // 1 when there is no difference, computed without a branch.
            let equal = ((difference | (0 &- difference)) >> 63) ^ 1
            found |= (0 &- equal) & UInt64(index + 1)
        }
        return found == 0 ? nil : (records[Int(found) - 1], instances[Int(found) - 1])
    }

    /// The record of a token that was accepted before; nil when it is gone, or another stands in
    /// its place. By id, not by secret: no need to hide how long it takes.
    func record(of identity: Identity) -> TokenRecord? {
        zip(records, instances).first { $0.0.id == identity.id && $0.1 == identity.instance }?.0
    }

    /// Fewer than 32 bytes are filled up with zeros, further ones left out.
    private static func words(of hash: UnsafeRawBufferPointer) -> SIMD4<UInt64> {
        var words = SIMD4<UInt64>()
        for (index, byte) in hash.prefix(32).enumerated() {
            words[index / 8] = words[index / 8] << 8 | UInt64(byte)
        }
        return words
    }
}
