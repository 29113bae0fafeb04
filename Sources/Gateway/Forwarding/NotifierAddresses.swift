import Core
import Events
import Synchronization
import Transfer

/// The notifier's addresses, each with its own delay after failures. Thread-safe.
///
/// One address stays in use until it fails; then the next one that may be tried is used. So at most
/// one of two notifiers gets the events, and an address that fails is left alone for its delay,
/// however often the others fail.
final class NotifierAddresses: Sendable {
    /// An address that a request may be sent to.
    struct Choice: Sendable, Equatable {
        let index: Int
        /// `https://host:port`.
        let url: String
        /// The time until it may be tried.
        let wait: Duration
    }

    private struct Entry {
        let url: String
        var failures = 0
        var notBefore = Duration.zero
    }

    private struct State {
        var entries: [Entry]
        var current = 0
        /// Whether to wait for the current address rather than to try another.
        var holds = false
    }

    private let state: Mutex<State>
    private let stopwatch: Stopwatch
    private let retry: RetryPolicy

    init(_ urls: [String], retry: RetryPolicy, clock: any Clock<Duration>) {
        state = Mutex(State(entries: urls.map { Entry(url: $0) }))
        stopwatch = Stopwatch(clock)
        self.retry = retry
    }

    /// The address in use if it may be tried; else the next one that may be, or the one that may be
    /// tried first. Nil without addresses.
    var choice: Choice? {
        let now = stopwatch.elapsed
        return state.withLock { state in
            guard !state.entries.isEmpty else { return nil }
            let count = state.entries.count
            let order = (0..<count).map { (state.current + $0) % count }
            let index =
                state.holds
                ? state.current
                : order.first { state.entries[$0].notBefore <= now }
                    ?? order.min { state.entries[$0].notBefore < state.entries[$1].notBefore }
                    ?? state.current
            let entry = state.entries[index]
            return Choice(
                index: index, url: entry.url, wait: max(entry.notBefore - now, .zero))
        }
    }

    /// Keeps this address in use and resets its delay.
    func succeeded(_ choice: Choice) {
        state.withLock { state in
            state.current = choice.index
            state.holds = false
            state.entries[choice.index].failures = 0
            state.entries[choice.index].notBefore = .zero
        }
    }

    /// Delays the next request to this address, and turns to the others.
    ///
    /// - Parameters:
    ///   - retryAfter: What the address asked for. It replaces the exponential delay, with up to
    ///     half of it added at random, unless it is shorter than the first delay.
    ///   - redirect: Where the answer pointed. If that is one of the addresses, it is tried next;
    ///     no other address is ever used.
    ///   - advances: Whether the others are tried next; else this one is waited for.
    func failed(
        _ choice: Choice, retryAfter: Duration?, redirect: String?, advances: Bool
    ) {
        let now = stopwatch.elapsed
        let retry = retry
        state.withLock { state in
            var generator = SystemRandomNumberGenerator()
            state.entries[choice.index].failures +|= 1
            let delay: Duration
            if let retryAfter, retryAfter >= retry.initial {
                let extra = RetryPolicy(
                    initial: retryAfter / 2, factor: 1, ceiling: retry.ceiling / 2)
                delay =
                    min(retryAfter, retry.ceiling) + extra.delay(after: 1, using: &generator)
            } else {
                delay = retry.delay(
                    after: state.entries[choice.index].failures, using: &generator)
            }
            state.entries[choice.index].notBefore = now + delay
            state.holds = !advances
            guard advances else { return }
            let named = redirect.flatMap { target in
                state.entries.firstIndex {
                    target == $0.url || target.hasPrefix($0.url + "/")
                }
            }
            state.current = named ?? (choice.index + 1) % state.entries.count
        }
    }
}
