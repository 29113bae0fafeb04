import Synchronization

/// Limits retries to a share of the first attempts.
///
/// All probes of a node share one budget, so an outage of many upstreams adds at most that share to
/// the load. Thread-safe.
public final class RetryBudget: Sendable {
    private let share: Double
    private let reserve: Double
    private let tokens: Mutex<Double>

    /// - Parameters:
    ///   - share: Retries earned by each first attempt.
    ///   - reserve: Maximum number of saved retries; also the number at the start.
    public init(share: Double = 0.2, reserve: Double = 5) {
        self.share = max(0, share)
        self.reserve = max(0, reserve)
        tokens = Mutex(max(0, reserve))
    }

    /// Records a first attempt.
    func earn() {
        tokens.withLock { $0 = min(reserve, $0 + share) }
    }

    /// Returns whether a retry may be made, and if so, takes it from the budget.
    func spend() -> Bool {
        tokens.withLock { tokens in
            // Sums of shares have rounding errors: five times 0.2 must count as one.
            guard tokens >= 1 - 1e-9 else { return false }
            tokens = max(0, tokens - 1)
            return true
        }
    }
}
