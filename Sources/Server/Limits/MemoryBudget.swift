import Synchronization
import Telemetry

/// Counts the bytes that callers make the node hold, and refuses more beyond a limit.
///
/// One budget serves the whole node: request bodies, unread answers, queries and streams.
/// Thread-safe. A reservation that does not fit fails at once instead of waiting.
public final class MemoryBudget: Sendable {
    /// The purpose of the bytes: a label in `/metrics`.
    public enum Use: String, Sendable, CaseIterable {
        /// A request under way, of any size, and a short answer that is not read yet.
        case exchanges
        case bodies
        case answers
        case queries
        case streams
    }

    /// The importance of a caller, least important first.
    ///
    /// A caller of tier n may reserve while the node holds less than n quarters of the limit, so
    /// that more important callers still get memory when the others have used their part.
    public enum Tier: Int, Sendable, Comparable {
        /// No credential yet, or none needed.
        case stranger = 1
        /// Pages, queries, followers.
        case reader
        /// Events from other nodes and hooks.
        case sender
        /// Measurements and health.
        case measurement

        public static func < (a: Tier, b: Tier) -> Bool { a.rawValue < b.rawValue }

        fileprivate func part(of limit: Int) -> Int { limit / 4 * rawValue }
    }

    /// The caller that bytes are charged to.
    public struct Account: Sendable, Hashable {
        public let tier: Tier
        /// The id of a credential. A reader or sender can hold at most half of its tier's part.
        public let owner: String?

        public init(tier: Tier, owner: String? = nil) {
            self.tier = tier
            self.owner = owner
        }

        fileprivate var counts: Bool {
            owner != nil && (tier == .reader || tier == .sender)
        }
    }

    private struct State {
        var total = 0
        var uses = [Int](repeating: 0, count: Use.allCases.count)
        /// The bytes of each owner that holds any.
        var owners: [Account: Int] = [:]
        var refused = [Int](repeating: 0, count: Use.allCases.count)
    }

    /// The limit in bytes.
    public let limit: Int
    private let state = Mutex(State())

    public init(limit: Int) { self.limit = max(1 << 20, limit) }

    /// Bytes held now.
    public var used: Int { state.withLock { $0.total } }

    /// Reserves bytes for the lifetime of the returned reservation; nil if they are not available.
    public func reserve(
        _ bytes: Int, for use: Use, by account: Account
    ) -> MemoryReservation? {
        guard take(bytes, use, account) else { return nil }
        return MemoryReservation(self, use, account, bytes: bytes)
    }

    /// Whether this caller may start a request now.
    func admits(_ account: Account) -> Bool {
        state.withLock { $0.total < account.tier.part(of: limit) }
    }

    fileprivate func take(_ bytes: Int, _ use: Use, _ account: Account) -> Bool {
        let part = account.tier.part(of: limit)
        return state.withLock { state in
            let owned = account.counts ? state.owners[account, default: 0] : 0
            guard bytes <= part - state.total, !account.counts || bytes <= part / 2 - owned else {
                state.refused[use.place] += 1
                return false
            }
            state.total += bytes
            state.uses[use.place] += bytes
            if account.counts { state.owners[account] = owned + bytes }
            return true
        }
    }

    fileprivate func give(_ bytes: Int, _ use: Use, _ account: Account) {
        guard bytes > 0 else { return }
        state.withLock { state in
            state.total -= bytes
            state.uses[use.place] -= bytes
            guard account.counts, let owned = state.owners[account] else { return }
            state.owners[account] = owned > bytes ? owned - bytes : nil
        }
    }

    // MARK: - Bytes already held

    /// Counts bytes that the node already holds. Returns false, without counting them, once the
    /// total reaches 1.5 times the limit; the caller must then be disconnected.
    func hold(_ bytes: Int, for use: Use) -> Bool {
        state.withLock { state in
            guard state.total < limit + limit / 2 else {
                state.refused[use.place] += 1
                return false
            }
            state.total += bytes
            state.uses[use.place] += bytes
            return true
        }
    }

    func release(_ bytes: Int, for use: Use) {
        state.withLock { state in
            state.total -= bytes
            state.uses[use.place] -= bytes
        }
    }

    /// Adds the budget's metrics to `/metrics`.
    func show(in registry: PrometheusRegistry) {
        registry.set(
            "bellwether_memory_limit_bytes", to: Double(limit),
            help: "Bytes that all callers together can make the node hold.")
        registry.beforeExposition { [weak self] registry in
            guard let self else { return }
            let (uses, refused) = state.withLock { state in
                defer { state.refused = state.refused.map { _ in 0 } }
                return (state.uses, state.refused)
            }
            for use in Use.allCases {
                registry.set(
                    "bellwether_memory_used_bytes", to: Double(uses[use.place]),
                    help: "Bytes that callers make the node hold, by what for.",
                    labels: [("use", use.rawValue)])
                registry.count(
                    "bellwether_memory_refusals", by: Double(refused[use.place]),
                    help: "Times that bytes were refused because too many were held.",
                    labels: [("use", use.rawValue)])
            }
        }
    }
}

extension MemoryBudget.Use {
    fileprivate var place: Int {
        switch self {
        case .exchanges: 0
        case .bodies: 1
        case .answers: 2
        case .queries: 3
        case .streams: 4
        }
    }
}

/// Bytes of a `MemoryBudget`, released when the object is deinitialized. Thread-safe.
public final class MemoryReservation: Sendable {
    private let budget: MemoryBudget
    private let use: MemoryBudget.Use
    private let account: MemoryBudget.Account
    private let bytes: Atomic<Int>

    fileprivate init(
        _ budget: MemoryBudget, _ use: MemoryBudget.Use, _ account: MemoryBudget.Account, bytes: Int
    ) {
        self.budget = budget
        self.use = use
        self.account = account
        self.bytes = Atomic(bytes)
    }

    deinit { budget.give(bytes.load(ordering: .relaxed), use, account) }

    /// Reserves more bytes; returns false, without any change, if they are not available.
    public func grow(by more: Int) -> Bool {
        guard budget.take(more, use, account) else { return false }
        bytes.add(more, ordering: .relaxed)
        return true
    }
}
