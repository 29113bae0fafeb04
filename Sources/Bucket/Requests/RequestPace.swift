import Synchronization

/// Limits the requests of one bucket: how many run at once, and how many are tried again.
///
/// The limit is halved when the store is overloaded (429, 503) or a transfer fails, and grows by
/// one after as many successes as it has places. A retry takes one unit of a budget that successes
/// refill, so that a store in trouble gets at most a fifth more requests than without retries.
/// Thread-safe.
final class RequestPace: Sendable {
    private struct State {
        var limit: Int
        var successes = 0
        var running = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
        var budget: Double
    }

    private static let fullBudget = 20.0
    private static let refill = 0.2

    private let most: Int
    private let state: Mutex<State>

    init(most: Int = 16) {
        self.most = most
        state = Mutex(State(limit: most, budget: Self.fullBudget))
    }

    /// Waits for a place. Every call must be followed by one of `leave`.
    func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.running < state.limit else {
                    state.waiting.append(continuation)
                    return false
                }
                state.running += 1
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    /// - Parameter isBusy: Whether the store is overloaded, or the transfer failed.
    func leave(isBusy: Bool) {
        let next = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.running -= 1
            if isBusy {
                state.limit = max(1, state.limit / 2)
                state.successes = 0
            } else {
                state.budget = min(Self.fullBudget, state.budget + Self.refill)
                state.successes += 1
                if state.successes >= state.limit, state.limit < most {
                    state.limit += 1
                    state.successes = 0
                }
            }
            let count = min(max(0, state.limit - state.running), state.waiting.count)
            let next = Array(state.waiting.prefix(count))
            state.waiting.removeFirst(count)
            state.running += count
            return next
        }
        for continuation in next { continuation.resume() }
    }

    /// Takes one retry from the budget; false if it is used up.
    func takeRetry() -> Bool {
        state.withLock { state in
            guard state.budget >= 1 else { return false }
            state.budget -= 1
            return true
        }
    }

    /// The number of requests that may run at once now.
    var limit: Int { state.withLock { $0.limit } }
}
