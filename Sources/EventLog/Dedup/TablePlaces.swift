/// The slot positions of a hash table of 128-bit keys, with open addressing and linear probing.
///
/// The keys already are hashes, so a position takes one multiplication, where `Dictionary` would
/// hash again. The multiplier is random for each table, so senders who choose keys cannot choose
/// positions (multiply-shift; Dietzfelbinger et al. 1997, "A Reliable Randomized Algorithm for the
/// Closest-Pair Problem").
struct TablePlaces: Sendable {
    /// The number of slots, a power of two.
    private(set) var count = 64
    /// 64 minus the number of bits of a position.
    private var shift: UInt64
    private let multiplier: UInt64

    init() {
        shift = UInt64(64 - count.trailingZeroBitCount)
        multiplier = .random(in: .min ... .max) | 1
    }

    /// The first position to probe for a key.
    func home(of key: Hash128) -> Int { Int((key.low &* multiplier) >> shift) }

    /// The position to probe after `place`.
    func after(_ place: Int) -> Int { (place + 1) & (count - 1) }

    /// Whether the table is more than half full; at half, a missing key takes about 2.5 probes.
    func isFull(with keys: Int) -> Bool { keys * 2 > count }

    mutating func double() {
        count *= 2
        shift -= 1
    }
}
