import NIOCore
import Synchronization
import Telemetry

/// Counts the open connections and chooses which to end when there are too many.
///
/// Each connection needs a descriptor, so the number is limited in total and per peer. At the
/// limit, the least important connection is ended for a new one: first an idle one without an
/// authenticated caller, then any idle one, then a busy one without an authenticated caller. A busy
/// connection of an authenticated caller is never ended for another. Within a class, the peer with
/// the most connections loses its longest idle one. Thread-safe.
final class ConnectionCensus: Sendable {
    /// Why the server ended a connection.
    enum Cut: String, Sendable, CaseIterable {
        /// The first request's header was not complete in time, handshake included.
        case header
        /// No further request arrived in time.
        case idle
        /// At a shutdown no request was under way, and the client did not close.
        case drained
        /// The client did not read an answer.
        case unread
        /// Callers together held more memory than the limit.
        case memory
        /// It was ended to make room for a new connection.
        case displaced
        /// It was new, and all connections allowed for its peer were busy.
        case refused
        /// Too many HTTP/2 frames without useful content.
        case frames
        /// Received bytes that are not part of a request.
        case unparsed
    }

    /// One open connection. Thread-safe.
    final class Entry: Sendable {
        /// The group whose connections are counted together (`ConnectionFacts.peerGroup`).
        let peerGroup: String
        private let isKnown = Atomic(false)
        /// When it became idle, in nanoseconds of `NIODeadline`; 0 while it is busy.
        private let idleSince: Atomic<UInt64>

        init(peerGroup: String) {
            self.peerGroup = peerGroup
            idleSince = Atomic(NIODeadline.now().uptimeNanoseconds)
        }

        /// Records that a caller authenticated on this connection.
        func markKnown() { isKnown.store(true, ordering: .relaxed) }

        fileprivate func beBusy() { idleSince.store(0, ordering: .relaxed) }

        fileprivate func beIdle() {
            // Sequentially consistent: the store precedes the check for a waiter in `wake`.
            idleSince.store(
                NIODeadline.now().uptimeNanoseconds, ordering: .sequentiallyConsistent)
        }

        /// Its rank (the lowest is ended first) and when it became idle; nil if it must not be
        /// ended.
        fileprivate var standing: (rank: Int, since: UInt64)? {
            let since = idleSince.load(ordering: .relaxed)
            switch (since > 0, isKnown.load(ordering: .relaxed)) {
            case (true, false): return (0, since)
            case (true, true): return (1, since)
            case (false, false): return (2, 0)
            case (false, true): return nil
            }
        }
    }

    private struct Member {
        let entry: Entry
        /// Ends the connection; callable from any thread.
        let end: @Sendable () -> Void
    }

    private struct State {
        var members: [ObjectIdentifier: Member] = [:]
        var peers: [String: Int] = [:]
        /// Called once when a connection may be accepted again.
        var waiter: (@Sendable () -> Void)?

        mutating func insert(_ member: Member) {
            members[ObjectIdentifier(member.entry)] = member
            peers[member.entry.peerGroup, default: 0] += 1
        }

        mutating func remove(_ entry: Entry) {
            guard members.removeValue(forKey: ObjectIdentifier(entry)) != nil else { return }
            let left = peers[entry.peerGroup, default: 1] - 1
            peers[entry.peerGroup] = left > 0 ? left : nil
        }

        var hasEndable: Bool { members.values.contains { $0.entry.standing != nil } }

        /// Removes and returns the least important connection, of one peer or of all.
        mutating func takeLeast(of peer: String? = nil) -> Member? {
            var found: (member: Member, rank: Int, crowd: Int, since: UInt64)?
            for member in members.values where peer == nil || member.entry.peerGroup == peer {
                guard let (rank, since) = member.entry.standing else { continue }
                let crowd = peers[member.entry.peerGroup, default: 0]
                if let best = found,
                    (best.rank, -best.crowd, best.since) <= (rank, -crowd, since)
                {
                    continue
                }
                found = (member, rank, crowd, since)
            }
            if let found { remove(found.member.entry) }
            return found?.member
        }
    }

    private let telemetry: Telemetry
    private let most: Int
    private let mostPerPeer: Int
    private let state = Mutex(State())
    private let spent = Mutex(SpentBudgets())
    private let isAwaited = Atomic(false)
    private let open = Atomic<Int>(0)
    private let accepted = Atomic<Int>(0)

    init(limits: ServerLimits, telemetry: Telemetry) {
        self.telemetry = telemetry
        most = limits.connections
        mostPerPeer = limits.connectionsPerPeer
        for cause in Cut.allCases {
            ConnectionCut.count(0, cause: cause, in: telemetry.registry)
        }
        telemetry.registry.set(
            "bellwether_connections_limit", to: Double(limits.connections),
            help: "Connections that may be open at once: the setting or what the descriptors allow."
        )
        telemetry.registry.beforeExposition { [weak self] registry in self?.sample(into: registry) }
    }

    /// Admits a new connection, and ends others for it if there are too many.
    ///
    /// - Parameter end: Ends the connection; called at most once, on any thread.
    /// - Returns: false if the new connection must be closed.
    func admit(_ entry: Entry, end: @escaping @Sendable () -> Void) -> Bool {
        let (isAdmitted, ended) = state.withLock { state -> (Bool, [Member]) in
            var ended: [Member] = []
            if mostPerPeer < most, state.peers[entry.peerGroup, default: 0] >= mostPerPeer {
                guard let victim = state.takeLeast(of: entry.peerGroup) else { return (false, []) }
                ended.append(victim)
            }
            // More than one if several were accepted before one could end.
            while state.members.count >= most, ended.count < 4, let victim = state.takeLeast() {
                ended.append(victim)
            }
            state.insert(Member(entry: entry, end: end))
            return (true, ended)
        }
        for victim in ended {
            cut(.displaced)
            victim.end()
        }
        guard isAdmitted else {
            cut(.refused)
            return false
        }
        open.add(1, ordering: .relaxed)
        accepted.add(1, ordering: .relaxed)
        return true
    }

    /// Removes an admitted connection that closed.
    func closed(_ entry: Entry) {
        state.withLock { $0.remove(entry) }
        open.subtract(1, ordering: .relaxed)
        wake()
    }

    func becameBusy(_ entry: Entry) { entry.beBusy() }

    func becameIdle(_ entry: Entry) {
        entry.beIdle()
        wake()
    }

    /// Ends the least important connection to free its descriptor.
    func makePlace() {
        guard let victim = state.withLock({ $0.takeLeast() }) else { return }
        cut(.displaced)
        victim.end()
    }

    /// Whether a new connection can be admitted now.
    ///
    /// - Parameter notify: Stored if there is no free place, and called once, on any thread, as
    ///   soon as there may be one.
    func hasPlace(orNotify notify: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            if state.members.count < most || state.hasEndable { return true }
            state.waiter = notify
            isAwaited.store(true, ordering: .sequentiallyConsistent)
            // A connection that became idle after the first check may have found no waiter.
            return state.hasEndable
        }
    }

    private func wake() {
        guard isAwaited.load(ordering: .sequentiallyConsistent) else { return }
        let waiter = state.withLock { state -> (@Sendable () -> Void)? in
            isAwaited.store(false, ordering: .sequentiallyConsistent)
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?()
    }

    /// The budget of frames for a connection that begins now.
    func frameBudget(of entry: Entry) -> Int {
        spent.withLock { $0.budget(of: entry.peerGroup, at: .now()) }
    }

    /// Counts a connection that ends because of a flood of frames; its peer group starts with less.
    func cutForFrames(_ entry: Entry?) {
        if let entry { spent.withLock { $0.spend(entry.peerGroup, at: .now()) } }
        cut(.frames)
    }

    func cut(_ cause: Cut) { telemetry.emit(ConnectionCut(cause: cause)) }

    func acceptFailed(_ fault: String) { telemetry.emit(AcceptFailed(fault: fault)) }

    private func sample(into registry: PrometheusRegistry) {
        registry.set(
            "bellwether_connections_open", to: Double(open.load(ordering: .relaxed)),
            help: "Connections that are open.")
        registry.count(
            "bellwether_connections_accepted",
            by: Double(accepted.exchange(0, ordering: .relaxed)), help: "Connections accepted.")
    }
}
