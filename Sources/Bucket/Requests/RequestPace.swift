import Events
import Synchronization

/// Limits the requests of one bucket: how many run at once, and how many are tried again.
///
/// The limit is halved when the store is overloaded (429, 503) or a transfer fails, and grows by
/// one after as many successes as it has places. A retry takes one unit of a budget that successes
/// refill, so that a store in trouble gets at most a fifth more requests than without retries.
/// Thread-safe.
final class RequestPace: Sendable {
    /// How a request ended, as far as the store's load is concerned.
    enum RequestEnd: Sendable {
        case answered
        /// The store is overloaded, or the transfer failed.
        case busy
        /// The caller cancelled it, which shows nothing about the store.
        case cancelled
    }

    private struct PlaceWaiter {
        let id: Int
        let isUrgent: Bool
        let resume: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var limit: Int
        var successes = 0
        var running = 0
        var nextWaiter = 0
        var waiting: [PlaceWaiter] = []
        var budget: Double

        /// Urgent requests have one more place, so that the upload of a large archive does not delay
        /// them when the limit is 1.
        func hasPlace(isUrgent: Bool) -> Bool { running < limit +| (isUrgent ? 1 : 0) }

        /// Gives free places to waiting requests, urgent ones first.
        mutating func admit() -> [PlaceWaiter] {
            var admitted: [PlaceWaiter] = []
            while true {
                let isFree = hasPlace(isUrgent: false)
                let urgent =
                    hasPlace(isUrgent: true) ? waiting.firstIndex { $0.isUrgent } : nil
                guard let place = urgent ?? (isFree ? waiting.indices.first : nil) else {
                    return admitted
                }
                admitted.append(waiting.remove(at: place))
                running += 1
            }
        }
    }

    private static let fullBudget = 20.0
    private static let refill = 0.2

    private let most: Int
    private let state: Mutex<State>

    init(most: Int = 16) {
        self.most = most
        state = Mutex(State(limit: most, budget: Self.fullBudget))
    }

    /// Waits for a place. Returns false if the task is cancelled; after true, call `leave`.
    func enter(isUrgent: Bool = false) async -> Bool {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
                let answer = state.withLock { state -> Bool? in
                    if Task.isCancelled { return false }
                    guard state.hasPlace(isUrgent: isUrgent) else {
                        state.waiting.append(
                            PlaceWaiter(id: id, isUrgent: isUrgent, resume: continuation))
                        return nil
                    }
                    state.running += 1
                    return true
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> PlaceWaiter? in
                guard let place = state.waiting.firstIndex(where: { $0.id == id }) else {
                    return nil
                }
                return state.waiting.remove(at: place)
            }
            waiter?.resume.resume(returning: false)
        }
    }

    func leave(_ end: RequestEnd) {
        let next = state.withLock { state -> [PlaceWaiter] in
            state.running -= 1
            switch end {
            case .busy:
                state.limit = max(1, state.limit / 2)
                state.successes = 0
            case .answered:
                state.budget = min(Self.fullBudget, state.budget + Self.refill)
                state.successes += 1
                if state.successes >= state.limit, state.limit < most {
                    state.limit += 1
                    state.successes = 0
                }
            case .cancelled: break
            }
            return state.admit()
        }
        for waiter in next { waiter.resume.resume(returning: true) }
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

    /// The number of requests that wait for a place.
    var waiting: Int { state.withLock { $0.waiting.count } }
}
