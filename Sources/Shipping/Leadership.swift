import Core
public import Events
import Synchronization

/// Whether a node may decide and send, and which node leads. Thread-safe.
///
/// Times are of the clock that also counts the machine's sleep: the lease of a process that was
/// stopped is over when it continues.
public final class Leadership: Sendable {
    public enum Role: String, Sendable {
        /// The node copies the leader's lines; it takes, decides and sends nothing.
        case following
        case leading
        /// The node continues without the bucket, which does not answer (`ha.bucket_away: tell`).
        case alone
        /// The node no longer leads; its process ends.
        case ended
    }

    public struct Status: Sendable, Equatable {
        public var role: Role
        /// Counts the takeovers; 0 before the first object is known.
        public var term: UInt64 = 0
        /// The leader's address; empty if it is not known.
        public var leader = ""
        /// What this node, as a follower, has otherwise than the leader.
        public var differences: [NodeVersion.Part] = []
        /// When the role began.
        public var since: Timestamp
    }

    private struct State {
        var status: Status
        /// When the lease ends; nil: never.
        var until: ContinuousClock.Instant?
    }

    private let state: Mutex<State>
    /// Given when the node no longer follows, which it does not do again.
    private let begun = OneTimeSignal()
    private let wall: WallClock

    /// - Parameter role: `leading` for a node without a second one, whose lease never ends.
    public init(_ role: Role, wall: WallClock = .system) {
        self.wall = wall
        state = Mutex(State(status: Status(role: role, since: wall.now)))
        if Self.hasBegun(role) { begun.give() }
    }

    public var status: Status { state.withLock { $0.status } }

    /// Whether the node may take lines, decide and send now.
    public var canAct: Bool {
        let now = ContinuousClock.now
        return state.withLock { state in
            switch state.status.role {
            case .leading: state.until.map { now < $0 } ?? true
            case .alone: true
            case .following, .ended: false
            }
        }
    }

    /// Whether the node has led since it started, even if its lease has run out since.
    public var hasBegun: Bool { Self.hasBegun(status.role) }

    /// Waits until the node leads, or the task is cancelled.
    public func untilLeading() async { await begun.wait() }

    private static func hasBegun(_ role: Role) -> Bool { role != .following }

    // MARK: - Changes, by the shipper of the log

    /// Notes the newest known leader, and what this node has otherwise.
    func follow(_ leader: String, term: UInt64, differences: [NodeVersion.Part] = []) {
        state.withLock { state in
            guard state.status.role == .following else { return }
            (state.status.leader, state.status.term) = (leader, term)
            state.status.differences = differences
        }
    }

    /// The node leads until this time; a later call extends it.
    func lead(_ address: String, term: UInt64, until: ContinuousClock.Instant) {
        change(to: .leading) { state in
            (state.status.leader, state.status.term, state.until) = (address, term, until)
        }
    }

    /// The bucket has not answered for the lease, and no other node leads.
    func goOnAlone() { change(to: .alone) { $0.until = nil } }

    /// The node no longer acts.
    func end() { change(to: .ended) { $0.until = nil } }

    private func change(to role: Role, _ body: (inout State) -> Void) {
        let now = wall.now
        state.withLock { state in
            // A node that has ended does not act again.
            guard state.status.role != .ended else { return }
            if state.status.role != role { (state.status.role, state.status.since) = (role, now) }
            state.status.differences = []
            body(&state)
        }
        if Self.hasBegun(role) { begun.give() }
    }
}
