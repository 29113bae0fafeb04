/// Whether an upstream that keeps failing is asked at all. A pure state machine:
/// time is passed in, as a span since any fixed moment.
///
/// Closed until `failures` calls in a row failed; then open: no call for
/// `coolDown`. After that one call alone is let through to try. Its success
/// closes the circuit, its failure opens it for another `coolDown`.
public struct Circuit: Sendable, Equatable {
    public enum State: Sendable, Equatable {
        /// With the failures in a row so far.
        case closed(failures: Int)
        case open(until: Duration)
        /// One trial call is under way.
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

    /// Whether a call may be made now. Each call that may must be told its end
    /// by `succeeded`, `failed` or `abandoned`.
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

    /// A call that was let through while closed does not close a circuit that
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

    /// A call whose caller went away says nothing about the upstream; after an
    /// abandoned trial the next call is the trial.
    public mutating func abandoned(at now: Duration) {
        if state == .halfOpen { state = .open(until: now) }
    }
}
