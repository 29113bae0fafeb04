import Synchronization

/// How many second attempts may be made, as a share of the first ones.
///
/// Shared by all probes of a node, so that an outage that hits many of them
/// adds at most that share to the load of what is already in trouble. Thread-safe.
public final class RetryBudget: Sendable {
    private let share: Double
    private let reserve: Double
    private let tokens: Mutex<Double>

    /// - Parameters:
    ///   - share: second attempts earned by each first one.
    ///   - reserve: second attempts that may be saved up; as many are there at the start.
    public init(share: Double = 0.2, reserve: Double = 5) {
        self.share = max(0, share)
        self.reserve = max(0, reserve)
        tokens = Mutex(max(0, reserve))
    }

    /// A first attempt was made.
    func earn() {
        tokens.withLock { $0 = min(reserve, $0 + share) }
    }

    /// Whether a second attempt may be made; when so, it is taken off.
    func spend() -> Bool {
        tokens.withLock { tokens in
            // The shares add up in binary fractions: five times 0.2 is one.
            guard tokens >= 1 - 1e-9 else { return false }
            tokens = max(0, tokens - 1)
            return true
        }
    }
}
