import Crypto
public import Events
public import ServiceLifecycle
public import Store
import Synchronization
public import Telemetry

/// Who may ask: the tokens of the state file and of token files.
///
/// Verifying looks only at a snapshot in memory. The snapshot follows the state
/// file (other processes create and revoke tokens too) and the token files:
/// `run` looks for changes once a second, and an unknown token looks at once,
/// so that a token works from the moment that it is made. Thread-safe.
public final class TokenRegistry: Service, Sendable {
    /// What tells our tokens from other strings, for people and secret scanners.
    public static let prefix = "bw_"

    let store: Store
    let clock: WallClock
    private let telemetry: Telemetry
    private let snapshot: SnapshotBox
    private let reader: TokenReader

    /// What the reader publishes and verifying reads.
    private final class SnapshotBox: Sendable {
        private let key = SymmetricKey(size: .bits256)
        private let snapshot = Mutex(TokenSnapshot())
        /// By id, the tokens that were seen to have ended, and whether that is written down.
        private let ended = Mutex<[String: (why: TokenRefusal, isKept: Bool)]>([:])

        var value: TokenSnapshot { snapshot.withLock { $0 } }

        func publish(_ entries: [TokenSnapshot.Entry]) {
            let new = TokenSnapshot(entries, key: key)
            snapshot.withLock { $0 = new }
        }

        /// Why the token is refused at `now`. A token that ended is remembered: a clock that
        /// goes back brings none back.
        func refusal(of record: TokenRecord, at now: Timestamp) -> TokenRefusal? {
            if let known = record.ended { return known }
            return ended.withLock { ended in
                if let known = ended[record.id] { return known.why }
                let why = record.refusal(at: now)
                if let why { ended[record.id] = (why, false) }
                return why
            }
        }

        /// What is not written down yet.
        var unkept: [(id: String, why: TokenRefusal)] {
            ended.withLock { $0.filter { !$0.value.isKept }.map { ($0.key, $0.value.why) } }
        }

        func kept(_ ids: [String]) {
            ended.withLock { ended in for id in ids { ended[id]?.isKept = true } }
        }
    }

    /// Reads every token; a token file that cannot be read or understood throws.
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

    // MARK: - Asking

    /// What the presented token is. Never suspends for a token that is known.
    public func verify(_ presented: some StringProtocol) async -> TokenVerdict {
        let hash = Self.hash(presented)
        if let verdict = hash.withUnsafeBytes(verdict) { return verdict }
        await refresh()
        return hash.withUnsafeBytes(verdict) ?? .refused(.unknown, id: nil)
    }

    /// The identity of a token that is known and good by now; nil asks to
    /// `verify`, which says what is wrong. Never waits.
    func known(_ presented: some StringProtocol) -> Identity? {
        guard case .accepted(let identity) = Self.hash(presented).withUnsafeBytes(verdict) else {
            return nil
        }
        return identity
    }

    /// Who was accepted by a token, with what that token allows by now; nil when it ended: for
    /// what outlives a request, such as a session or a stream. Never waits.
    func current(_ identity: Identity) -> Identity? {
        guard let record = snapshot.value.record(of: identity),
            snapshot.refusal(of: record, at: clock.now) == nil
        else { return nil }
        return Identity(
            id: record.id, name: record.name, scopes: record.scopes, proof: identity.proof,
            instance: identity.instance)
    }

    /// When the next token that is still good expires; nil when none does.
    public var nextExpiry: Timestamp? {
        let now = clock.now
        return snapshot.value.records.filter { snapshot.refusal(of: $0, at: now) == nil }
            .compactMap(\.expires).min()
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
        Array(SHA256.hash(data: Array(presented.utf8)))
    }

    // MARK: - Following changes

    /// Looks for changes once a second until cancelled or shut down.
    public func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                try await Task.sleep(for: .seconds(1))
                await self.refresh()
            }
        }
    }

    /// Takes up what changed in the state file or the token files. What cannot
    /// be read keeps the tokens as they were, and is reported. Writes down which tokens ended.
    public func refresh() async {
        do {
            try await reader.refresh()
            try await keepEnds()
        } catch {
            telemetry.emit(TokensNotRead(fault: "\(error)"))
        }
    }

    /// A token that ended stays so over a restart, whatever the clock says then.
    private func keepEnds() async throws {
        let now = clock.now
        for record in snapshot.value.records { _ = snapshot.refusal(of: record, at: now) }
        let unkept = snapshot.unkept
        guard !unkept.isEmpty else { return }
        try await store.write { db in
            for (id, why) in unkept { try TokenRow.end(id, why, db) }
        }
        snapshot.kept(unkept.map(\.id))
    }

    /// Reads everything anew, of other token files from now on when given; on a
    /// fault all stays as it was.
    public func reload(files: [TokenFile]? = nil) async throws {
        try await reader.reload(files: files)
    }

    /// Takes up what this process just wrote.
    func reread() async throws { try await reader.reload(files: nil, isStrict: false) }
}
