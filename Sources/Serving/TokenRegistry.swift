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
        private let snapshot = Mutex(TokenSnapshot())

        var value: TokenSnapshot { snapshot.withLock { $0 } }

        func publish(_ entries: [TokenSnapshot.Entry]) {
            let new = TokenSnapshot(entries)
            snapshot.withLock { $0 = new }
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
        reader = TokenReader(store: store, files: files, clock: clock) { snapshot.publish($0) }
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
    func known(_ presented: UnsafeRawBufferPointer) -> Identity? {
        let hash = SHA256.hash(data: presented)
        guard case .accepted(let identity) = hash.withUnsafeBytes(verdict) else { return nil }
        return identity
    }

    /// Whether the token of this id is still good: for what outlives a request,
    /// such as a session.
    public func isActive(id: String) -> Bool {
        snapshot.value.record(id: id).map { $0.refusal(at: clock.now) == nil } ?? false
    }

    /// When the next token that is still good expires; nil when none does.
    public var nextExpiry: Timestamp? {
        let now = clock.now
        return snapshot.value.records.filter { $0.refusal(at: now) == nil }
            .compactMap(\.expires).min()
    }

    private func verdict(_ hash: UnsafeRawBufferPointer) -> TokenVerdict? {
        guard let record = snapshot.value.match(hash) else { return nil }
        if let refusal = record.refusal(at: clock.now) { return .refused(refusal, id: record.id) }
        return .accepted(
            Identity(id: record.id, name: record.name, scopes: record.scopes, proof: .token))
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
    /// be read keeps the tokens as they were, and is reported.
    public func refresh() async {
        do { try await reader.refresh() } catch {
            telemetry.emit(TokensNotRead(fault: "\(error)"))
        }
    }

    /// Reads everything anew, of other token files from now on when given; on a
    /// fault all stays as it was.
    public func reload(files: [TokenFile]? = nil) async throws {
        try await reader.reload(files: files)
    }
}
