/// Buckets by key in bounded memory.
///
/// Two generations: what was asked for lately is in the young one; when that is
/// full, it becomes the old one and the former old one is forgotten. So a flood
/// of new keys forgets the least used first, at constant cost.
public struct BucketTable<Key: Hashable & Sendable>: Sendable {
    public let rate: TokenBucket.Rate
    private let capacity: Int
    private var young: [Key: TokenBucket] = [:]
    private var old: [Key: TokenBucket] = [:]

    /// - Parameter capacity: Keys that are remembered for certain; at most twice as many are.
    public init(rate: TokenBucket.Rate, capacity: Int) {
        self.rate = rate
        self.capacity = max(1, capacity)
    }

    public var count: Int { young.count + old.count }

    /// Takes one from the key's bucket if there is one.
    public mutating func take(_ key: Key, at now: ContinuousClock.Instant) -> Bool {
        spend(key, at: now).isAllowed
    }

    /// The same, with the bucket as it stands after.
    mutating func spend(
        _ key: Key, at now: ContinuousClock.Instant
    ) -> (isAllowed: Bool, bucket: TokenBucket) {
        if let place = young.index(forKey: key) {
            let isAllowed = young.values[place].take(rate, at: now)
            return (isAllowed, young.values[place])
        }
        if young.count >= capacity {
            old = young
            young = [:]
        }
        var bucket = old.removeValue(forKey: key) ?? TokenBucket(rate, at: now)
        let isAllowed = bucket.take(rate, at: now)
        young[key] = bucket
        return (isAllowed, bucket)
    }

    /// The key's bucket as it stands; a full one for a key that is not known.
    public func bucket(_ key: Key, at now: ContinuousClock.Instant) -> TokenBucket {
        young[key] ?? old[key] ?? TokenBucket(rate, at: now)
    }
}
