/// Token buckets by key, in bounded memory.
///
/// There are two generations. Recently used keys are in the young one; when it is full it becomes
/// the old one, and the former old one is dropped. A flood of new keys thus evicts the least
/// recently used keys first, at constant cost.
public struct BucketTable<Key: Hashable & Sendable>: Sendable {
    public let rate: TokenBucket.Rate
    private let capacity: Int
    private var young: [Key: TokenBucket] = [:]
    private var old: [Key: TokenBucket] = [:]

    /// - Parameter capacity: The number of most recent keys that are always kept; at most twice as
    ///   many are.
    public init(rate: TokenBucket.Rate, capacity: Int) {
        self.rate = rate
        self.capacity = max(1, capacity)
    }

    public var count: Int { young.count + old.count }

    /// Takes a token from the key's bucket if it has one.
    public mutating func take(_ key: Key, at now: ContinuousClock.Instant) -> Bool {
        spend(key, at: now).isAllowed
    }

    /// The same; also returns the bucket afterwards.
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

    /// The key's bucket; a full one for an unknown key.
    public func bucket(_ key: Key, at now: ContinuousClock.Instant) -> TokenBucket {
        young[key] ?? old[key] ?? TokenBucket(rate, at: now)
    }
}
