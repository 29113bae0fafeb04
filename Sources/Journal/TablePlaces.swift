/// Where a hash table of 128-bit keys has its places: open addressing, linear probing.
///
/// The keys are hashes already, so that a place is one multiplication away, where `Dictionary`
/// would hash again; a look costs about one cache line. The multiplier is random for each
/// table: who chooses keys can't choose their places (Dietzfelbinger et al. 1997, "A Reliable
/// Randomized Algorithm for the Closest-Pair Problem", multiply-shift).
struct TablePlaces: Sendable {
    /// A power of two.
    private(set) var count = 64
    /// 64 less the number of bits of a place.
    private var shift: UInt64
    private let multiplier: UInt64

    init() {
        shift = UInt64(64 - count.trailingZeroBitCount)
        multiplier = .random(in: .min ... .max) | 1
    }

    /// Where the look for a key begins.
    func home(of key: Hash128) -> Int { Int((key.low &* multiplier) >> shift) }

    /// Where it goes on.
    func after(_ place: Int) -> Int { (place + 1) & (count - 1) }

    /// Half full: two or three places are looked at for a key that isn't there.
    func isFull(with keys: Int) -> Bool { keys * 2 > count }

    mutating func double() {
        count *= 2
        shift -= 1
    }
}
