/// A circuit breaker for one upstream.
///
/// A pure state machine: the caller passes the time as a span since any fixed moment. The circuit
/// is closed until `failures` calls in a row failed. It is then open: no call is admitted for
/// `coolDown`. After that, one trial call is admitted. Its success closes the circuit; its failure
/// opens it for another `coolDown`.
public struct Circuit: Sendable, Equatable {
    public enum State: Sendable, Equatable {
        /// Calls are admitted. `failures` is the current number of failures in a row.
        case closed(failures: Int)
        case open(until: Duration)
        /// One trial call is running.
        case halfOpen
    }

    public private(set) var state = State.closed(failures: 0)
    private let failures: Int
    private let coolDown: Duration

    /// `failures` below 1 counts as 1.
    public init(failures: Int, coolDown: Duration) {
        self.failures = max(1, failures)
        self.coolDown = coolDown
    }

    /// Whether a call may be made now. After each admitted call, call `succeeded`, `failed` or
    /// `abandoned`.
    public mutating func admits(at now: Duration) -> Bool {
        switch state {
        case .closed: return true
        case .halfOpen: return false
        case .open(let until):
            guard now >= until else { return false }
            state = .halfOpen
            return true
        }
    }

    /// Records a success. A call admitted while the circuit was closed does not close one that
    /// opened since.
    public mutating func succeeded() {
        switch state {
        case .closed, .halfOpen: state = .closed(failures: 0)
        case .open: break
        }
    }

    public mutating func failed(at now: Duration) {
        switch state {
        case .closed(let count) where count + 1 < failures: state = .closed(failures: count + 1)
        case .closed, .halfOpen: state = .open(until: now + coolDown)
        case .open: break
        }
    }

    /// Records a call without a result about the upstream, such as a cancelled one. After an
    /// abandoned trial, the next call is the trial.
    public mutating func abandoned(at now: Duration) {
        if state == .halfOpen { state = .open(until: now) }
    }
}
