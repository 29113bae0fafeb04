import Events
import Synchronization

/// Lets concurrent callers with the same key share one piece of work.
///
/// The work runs in its own task, so a caller can stop waiting before the work ends. When the last
/// caller stops waiting, the work is cancelled, but its key stays occupied until it ends: work that
/// ignores cancellation does not run twice at once. Callers that arrive in between wait for that
/// end and then start new work. Thread-safe.
final class SingleFlight<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    enum Outcome: Sendable {
        case value(Value)
        /// The calling task was cancelled while it waited.
        case cancelled
        /// The maximum number of keys is in flight.
        case refused
    }

    private enum Step {
        case outcome(Outcome)
        /// The flight was cancelled before it ended, so its value is not used.
        case again
    }

    private struct Flight {
        let id: Int
        var task: Task<Void, Never>?
        var waiting: [Int: CheckedContinuation<Step, Never>]
        var isAbandoned = false
    }

    private struct State {
        var flights: [Key: Flight] = [:]
        var lastID = 0
    }

    private let state = Mutex(State())
    private let limit: Int

    /// - Parameter limit: Maximum number of keys in flight at once.
    init(limit: Int) { self.limit = limit }

    /// The number of keys in flight, including cancelled work that has not ended.
    var count: Int { state.withLock { $0.flights.count } }

    /// The number of callers waiting for any key.
    var waiting: Int { state.withLock { $0.flights.values.reduce(0) { $0 +| $1.waiting.count } } }

    /// The number of callers waiting for `key`.
    func waiting(_ key: Key) -> Int { state.withLock { $0.flights[key]?.waiting.count ?? 0 } }

    /// Returns the value of the flight for `key`; starts `work` if there is none.
    func join(_ key: Key, _ work: @escaping @Sendable () async -> Value) async -> Outcome {
        while true {
            let ticket = state.withLock { state in
                state.lastID += 1
                return state.lastID
            }
            let step = await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    board(key, ticket, continuation, work)
                }
            } onCancel: {
                leave(key, ticket)
            }
            if case .outcome(let outcome) = step { return outcome }
        }
    }

    private func board(
        _ key: Key, _ ticket: Int, _ continuation: CheckedContinuation<Step, Never>,
        _ work: @escaping @Sendable () async -> Value
    ) {
        let refusal = state.withLock { state -> Outcome? in
            // A cancellation before this point found no ticket to remove; a later one waits for the
            // lock and finds the ticket.
            if Task.isCancelled { return .cancelled }
            if state.flights[key] != nil {
                state.flights[key]?.waiting[ticket] = continuation
                return nil
            }
            if state.flights.count >= limit { return .refused }
            let task = Task { self.land(key, ticket, await work()) }
            state.flights[key] = Flight(id: ticket, task: task, waiting: [ticket: continuation])
            return nil
        }
        if let refusal { continuation.resume(returning: .outcome(refusal)) }
    }

    private func land(_ key: Key, _ id: Int, _ value: Value) {
        let flight = state.withLock { state -> Flight? in
            guard let flight = state.flights[key], flight.id == id else { return nil }
            state.flights[key] = nil
            return flight
        }
        guard let flight else { return }
        for continuation in flight.waiting.values {
            continuation.resume(returning: flight.isAbandoned ? .again : .outcome(.value(value)))
        }
    }

    private func leave(_ key: Key, _ ticket: Int) {
        let (left, abandoned) = state.withLock {
            state -> (CheckedContinuation<Step, Never>?, Task<Void, Never>?) in
            guard let left = state.flights[key]?.waiting.removeValue(forKey: ticket) else {
                return (nil, nil)
            }
            guard state.flights[key]?.waiting.isEmpty == true else { return (left, nil) }
            state.flights[key]?.isAbandoned = true
            return (left, state.flights[key]?.task)
        }
        abandoned?.cancel()
        left?.resume(returning: .outcome(.cancelled))
    }
}
