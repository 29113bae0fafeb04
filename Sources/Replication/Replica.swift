public import Events

/// One node's part in the agreement about who writes the shared log.
///
/// The node is a follower, which reads the objects in order, or the leader, which creates them. Pure:
/// the caller reads and writes the objects, and gives the times of its own monotonic clock, which
/// must also run while the machine sleeps. No clock is compared with that of another machine.
///
/// Safety: object *n* exists once, so two leaders never both continue the log. A follower takes over
/// when it has seen no new object for `lease`, its own or the leader's if that is longer; a leader
/// acts until the start of its last successful write + 0.9 `lease`, which is earlier as long as the
/// clocks' speeds differ by less than a tenth.
public struct Replica: Sendable {
    public struct Rules: Sendable, Equatable {
        /// How long a follower waits for a new object before it takes over; nil for a node without
        /// a peer, which takes over at once and needs no lease.
        public var lease: Duration?

        public init(lease: Duration?) { self.lease = lease }

        /// The longest time between the starts of a leader's writes.
        public var beat: Duration? { lease.map { $0 / 3 } }
        /// How long a leader acts after the start of a successful write.
        public var acting: Duration? { lease.map { $0 / 10 * 9 } }
    }

    public enum Role: Sendable, Equatable {
        case following
        case leading
        /// This life is over; the node continues as a new `Replica` with another writer's name.
        case stopped(Stop)
    }

    /// Why a life ended.
    public enum Stop: Sendable, Equatable {
        /// Another node's object has the number that this leader tried to create.
        case overtaken
        /// No write of the leader succeeded in time.
        case lapsed
        /// The leader wrote its farewell.
        case handedOver
        /// The log breaks the protocol.
        case broken(ProtocolFault)
    }

    public let rules: Rules
    public let cluster: String
    public let node: String
    public let writer: String
    /// What this node's next objects name as its configuration and executable.
    public var version = NodeVersion()
    /// The names of this folder's earlier lives. They no longer write.
    private let earlier: Set<String>

    public private(set) var role = Role.following
    /// The number of the object to read or to create next.
    public private(set) var next: UInt64
    /// The term of the newest known object; 0 before the first.
    public private(set) var term: UInt64 = 0
    /// The writer of the newest known object and its node.
    public private(set) var leader: (writer: String, node: String)?
    /// That writer's configuration and executable.
    public private(set) var leaderVersion = NodeVersion()
    /// The object that this node tries to create. It is tried again with the same bytes until the
    /// outcome is known.
    public private(set) var pending: LogObject?
    private var pendingSince = Duration.zero
    /// A follower takes over from this time on.
    private var quietUntil: Duration
    /// The start of the last successful write.
    private var wroteAt = Duration.zero

    /// - Parameters:
    ///   - writer: A name that no other life has, of this or another node.
    ///   - earlier: The writers of this folder's earlier lives.
    ///   - next: The first object to read; of a known log, the newest one that is known.
    public init(
        _ rules: Rules, cluster: String, node: String, writer: String, earlier: Set<String> = [],
        next: UInt64 = 1, now: Duration
    ) {
        self.rules = rules
        self.cluster = cluster
        self.node = node
        self.writer = writer
        self.earlier = earlier
        self.next = next
        // A log without any object has no leader to wait for.
        quietUntil = next == 1 ? now : now + (rules.lease ?? .zero)
    }

    // MARK: - Following

    /// Whether the writer is this life or an earlier one of this folder.
    public func isOwn(_ writer: String) -> Bool {
        writer == self.writer || earlier.contains(writer)
    }

    /// Records the object `next`, which was read.
    public mutating func saw(_ object: LogObject, now: Duration) {
        guard role == .following, object.number == next else { return }
        if let fault = fault(of: object) {
            role = .stopped(.broken(fault))
            return
        }
        next += 1
        term = object.term
        leader = (object.writer, object.node)
        leaderVersion = object.version
        if pending?.number == object.number {
            let isOurs = pending == object
            pending = nil
            if isOurs {
                stand(object, since: pendingSince, now: now)
                return
            }
        }
        // A life of this folder that is over needs no time to stop.
        let isOver = isOwn(object.writer) != (object.kind == .farewell)
        quietUntil = isOver ? now : now + patience(after: object)
    }

    /// How long the writer of an object may act without a further one, and a margin. Both nodes have
    /// the same lease except while it is changed on one after the other.
    private func patience(after object: LogObject) -> Duration {
        guard let lease = rules.lease else { return .zero }
        return max(lease, .milliseconds(min(object.lease ?? 0, Self.longestLease)))
    }

    /// In milliseconds; the configuration allows no longer one.
    private static let longestLease: UInt64 = 300_000

    private func fault(of object: LogObject) -> ProtocolFault? {
        guard object.cluster == cluster else { return .otherCluster(object.cluster) }
        guard let leader else { return nil }
        let isNext =
            object.kind == .takeover
            ? object.term == term + 1 : object.term == term && object.writer == leader.writer
        return isNext ? nil : .order(object.number)
    }

    /// Whether a follower that found no further object is to take over.
    public func isTakeoverDue(_ now: Duration) -> Bool {
        role == .following && pending == nil && now >= quietUntil
    }

    /// The takeover to create at `next`; nil if none is due.
    ///
    /// - Parameter at: The end of the lines of this node's event log that are in the shared log.
    public mutating func takeOver(at: LogPosition, now: Duration) -> LogObject? {
        guard isTakeoverDue(now) else { return nil }
        return propose(.takeover, term: term + 1, from: at, to: at, lines: [], now)
    }

    // MARK: - Leading

    /// Whether this node leads and its lease runs: only then may it send and decide.
    ///
    /// False from the proposal of a farewell on: the other node may read it before its writer knows
    /// that it stands.
    public func canAct(_ now: Duration) -> Bool {
        role == .leading && !hasLapsed(now) && pending?.kind != .farewell
    }

    /// Until when `canAct` stays true without a further write; nil if it is false, or without end.
    public var actsUntil: Duration? {
        guard role == .leading, pending?.kind != .farewell else { return nil }
        return rules.acting.map { wroteAt + $0 }
    }

    private func hasLapsed(_ now: Duration) -> Bool {
        rules.acting.map { now >= wroteAt + $0 } ?? false
    }

    /// Ends the life of a leader whose lease has run out.
    public mutating func check(_ now: Duration) {
        if role == .leading, hasLapsed(now) { role = .stopped(.lapsed) }
    }

    /// Whether the leader must write, also without lines.
    public func isBeatDue(_ now: Duration) -> Bool {
        guard let beat = rules.beat else { return false }
        return role == .leading && pending == nil && now >= wroteAt + beat
    }

    /// The next object of a leader, to be created; nil if this node does not lead or one is pending.
    public mutating func write(
        _ kind: LogObject.Kind, from: LogPosition, to: LogPosition, lines: [UInt8] = [],
        now: Duration
    ) -> LogObject? {
        check(now)
        guard role == .leading, pending == nil, kind != .takeover else { return nil }
        return propose(kind, term: term, from: from, to: to, lines: lines, now)
    }

    private mutating func propose(
        _ kind: LogObject.Kind, term: UInt64, from: LogPosition, to: LogPosition, lines: [UInt8],
        _ now: Duration
    ) -> LogObject {
        let object = LogObject(
            number: next, kind: kind, cluster: cluster, term: term, writer: writer, node: node,
            version: version, from: from, to: to, lines: lines,
            lease: rules.lease.map { UInt64(clamping: $0.wholeMilliseconds) })
        pending = object
        pendingSince = now
        return object
    }

    /// The outcome of the attempt to create an object.
    public enum Outcome: Sendable, Equatable {
        /// The object stands, by this try or an earlier one.
        case stands
        /// An object of this number with other bytes stands.
        case taken
    }

    /// Records the outcome of `pending`. Without a known outcome, the caller tries again.
    public mutating func settle(_ outcome: Outcome, now: Duration) {
        guard let object = pending else { return }
        pending = nil
        switch (outcome, role) {
        case (.stands, .following), (.stands, .leading):
            next += 1
            stand(object, since: pendingSince, now: now)
        case (.taken, .leading): role = .stopped(.overtaken)
        // Another node took over first: it is read next.
        case (.taken, .following): quietUntil = now + (rules.lease ?? .zero)
        case (_, .stopped): break
        }
    }

    private mutating func stand(_ object: LogObject, since start: Duration, now: Duration) {
        term = object.term
        leader = (writer, node)
        leaderVersion = object.version
        wroteAt = start
        role = object.kind == .farewell ? .stopped(.handedOver) : .leading
        check(now)
    }
}

/// How the shared log breaks the protocol.
public enum ProtocolFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// The object is of another cluster.
    case otherCluster(String)
    /// The object of this number continues neither its predecessor's term nor the one after.
    case order(UInt64)

    public var description: String {
        switch self {
        case .otherCluster(let id):
            "the log is of another cluster (\(id)); give each pair of nodes a prefix of its own"
        case .order(let number):
            "object \(number) does not continue the one before it: the store replaced an object that exists; use a store that honours If-None-Match"
        }
    }
}
