import Core
public import Events
public import ServiceLifecycle
public import State
import Synchronization
public import Telemetry

/// Verifies tokens from the state file and from token files.
///
/// Verification reads a snapshot in memory. The snapshot follows the state file, where other
/// processes create and revoke tokens too, and the token files: `run` checks for changes once a
/// second, and an unknown token causes a check at once, so a new token works immediately.
/// Thread-safe.
public final class TokenRegistry: Service, Sendable {
    /// The prefix of our tokens, by which people and secret scanners recognize them.
    public static let prefix = "bw_"

    let store: Store
    let clock: WallClock
    private let telemetry: Telemetry
    private let snapshot: SnapshotBox
    private let reader: TokenReader

    /// The current snapshot: written by the reader, read by verification.
    private final class SnapshotBox: Sendable {
        private let key = HMACKey.random()
        private let snapshot = Mutex(TokenSnapshot())
        /// The tokens that were seen as ended, by id, and whether the state file contains that.
        private let ended = Mutex<[String: (why: TokenRefusal, isKept: Bool)]>([:])

        var value: TokenSnapshot { snapshot.withLock { $0 } }

        func publish(_ entries: [TokenSnapshot.Entry]) {
            let new = TokenSnapshot(entries, key: key)
            snapshot.withLock { $0 = new }
        }

        /// Why the token is refused at `now`. The reason is remembered, so that a clock that is set
        /// back does not make an ended token valid again.
        func refusal(of record: TokenRecord, at now: Timestamp) -> TokenRefusal? {
            if let known = record.ended { return known }
            return ended.withLock { ended in
                if let known = ended[record.id] { return known.why }
                let why = record.refusal(at: now)
                if let why { ended[record.id] = (why, false) }
                return why
            }
        }

        /// The ended tokens that are not stored yet.
        var unkept: [(id: String, why: TokenRefusal)] {
            ended.withLock { $0.filter { !$0.value.isKept }.map { ($0.key, $0.value.why) } }
        }

        func kept(_ ids: [String]) {
            ended.withLock { ended in for id in ids { ended[id]?.isKept = true } }
        }
    }

    /// Reads all tokens. Throws if a token file has a fault.
    public init(
        store: Store, files: [TokenFile] = [], clock: WallClock = .system,
        telemetry: Telemetry = .silent
    ) async throws {
        let snapshot = SnapshotBox()
        self.store = store
        self.clock = clock
        self.telemetry = telemetry
        self.snapshot = snapshot
        reader = TokenReader(
            store: store, files: files, clock: clock, publish: { snapshot.publish($0) },
            report: { telemetry.emit(TokensNotRead(fault: "\($0)")) })
        try await reader.refresh()
    }

    // MARK: - Verifying

    /// Verifies a presented token. Does not suspend if the token is known.
    public func verify(_ presented: some StringProtocol) async -> TokenVerdict {
        let hash = Self.hash(presented)
        if let verdict = hash.withUnsafeBytes(verdict) { return verdict }
        await refresh()
        return hash.withUnsafeBytes(verdict) ?? .refused(.unknown, id: nil)
    }

    /// The identity of a known, valid token; nil otherwise, and then `verify` returns the reason.
    /// Never suspends.
    func known(_ presented: some StringProtocol) -> Identity? {
        guard case .accepted(let identity) = Self.hash(presented).withUnsafeBytes(verdict) else {
            return nil
        }
        return identity
    }

    /// The identity with its token's current scopes, for sessions and streams, which outlive a
    /// request. Nil if the token ended. Never suspends.
    func current(_ identity: Identity) -> Identity? {
        guard let record = snapshot.value.record(of: identity),
            snapshot.refusal(of: record, at: clock.now) == nil
        else { return nil }
        return Identity(
            id: record.id, name: record.name, scopes: record.scopes, proof: identity.proof,
            instance: identity.instance)
    }

    /// The valid tokens that expire, the next one first.
    public var expiring: [TokenRecord] {
        let now = clock.now
        return snapshot.value.records.filter {
            $0.expires != nil && snapshot.refusal(of: $0, at: now) == nil
        }.sorted { ($0.expires ?? $0.created, $0.id) < ($1.expires ?? $1.created, $1.id) }
    }

    private func verdict(_ hash: UnsafeRawBufferPointer) -> TokenVerdict? {
        guard let (record, instance) = snapshot.value.match(hash) else { return nil }
        if let refusal = snapshot.refusal(of: record, at: clock.now) {
            return .refused(refusal, id: record.id)
        }
        return .accepted(
            Identity(
                id: record.id, name: record.name, scopes: record.scopes, proof: .token,
                instance: instance))
    }

    static func hash(_ presented: some StringProtocol) -> [UInt8] {
        SHA256.digest(Array(presented.utf8))
    }

    // MARK: - Following changes

    /// Checks for changes once a second until cancelled or shut down.
    public func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                try await Task.sleep(for: .seconds(1))
                await self.refresh()
            }
        }
    }

    /// Reads changes of the state file and the token files, and stores which tokens ended.
    ///
    /// Reports faults. The tokens of a file that cannot be read stay unchanged.
    public func refresh() async {
        do {
            try await reader.refresh()
            try await keepEnds()
        } catch {
            telemetry.emit(TokensNotRead(fault: "\(error)"))
        }
    }

    /// Stores which tokens ended, so that they stay ended after a restart even if the clock is set
    /// back.
    private func keepEnds() async throws {
        let now = clock.now
        for record in snapshot.value.records { _ = snapshot.refusal(of: record, at: now) }
        let unkept = snapshot.unkept
        guard !unkept.isEmpty else { return }
        try await store.write { db in
            for (id, why) in unkept { try TokenTable.end(db, id: id, why: why.rawValue) }
        }
        snapshot.kept(unkept.map(\.id))
    }

    /// Reads all tokens again, from `files` from now on if given. On a fault everything stays
    /// unchanged.
    public func reload(files: [TokenFile]? = nil) async throws {
        try await reader.reload(files: files)
    }

    /// Reads the changes that this process just wrote.
    func reread() async throws { try await reader.reload(files: nil, isStrict: false) }
}
