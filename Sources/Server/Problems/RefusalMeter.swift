/// Limits the rate of reported refusals, so that a flood of bad requests cannot fill the log.
///
/// Each peer has a small rate limit and all peers together a larger one, since one client can use
/// many addresses. Suppressed refusals are counted; the next report contains the count.
struct RefusalMeter: Sendable {
    private var peers: BucketTable<String>
    private var all: TokenBucket
    private let total: TokenBucket.Rate
    private var suppressed = 0

    init(
        perPeer: TokenBucket.Rate = TokenBucket.Rate(burst: 10, perSecond: 0.2),
        total: TokenBucket.Rate = TokenBucket.Rate(burst: 100, perSecond: 10),
        capacity: Int = 4096, at now: ContinuousClock.Instant
    ) {
        peers = BucketTable(rate: perPeer, capacity: capacity)
        all = TokenBucket(total, at: now)
        self.total = total
    }

    /// Nil if this refusal is suppressed, else the number suppressed since the last report.
    mutating func admit(_ peer: String, at now: ContinuousClock.Instant) -> Int? {
        guard peers.take(peer, at: now), all.take(total, at: now) else {
            suppressed += 1
            return nil
        }
        defer { suppressed = 0 }
        return suppressed
    }
}
