import HTTPTypes
import Synchronization
import Telemetry

/// What one server's callers may hold and do at once: memory, streams, queries, scrapes.
///
/// Long-lived streams have places of their own, so that they never take those of requests.
final class Admission: Sendable {
    let budget: MemoryBudget
    let streams: ConcurrencyLimit
    let queries: ConcurrencyLimit
    /// Of `/metrics`: each is composed anew; counted by the peer's address.
    let scrapes: ConcurrencyLimit

    /// What a request costs whatever it holds: its header, tasks and channels.
    static let exchange = 16 << 10
    /// Largest answer that is counted with its exchange; of a larger one, which is written
    /// piece by piece, no more than this waits in the connection's buffers.
    static let shortAnswer = 64 << 10
    /// Answers up to this need no reservation of their own.
    static let smallAnswer = 16 << 10

    init(_ limits: ServerLimits, registry: PrometheusRegistry) {
        budget = MemoryBudget(limit: limits.memory)
        streams = ConcurrencyLimit(
            "streams", most: limits.streams, ofOne: (limits.streams + 1) / 2)
        queries = ConcurrencyLimit(
            "queries", most: limits.queries, ofOne: (limits.queries + 1) / 2)
        scrapes = ConcurrencyLimit("scrapes", most: 16, ofOne: 4)
        budget.show(in: registry)
        for limit in [streams, queries, scrapes] {
            registry.set(
                "bellwether_places_limit", to: Double(limit.most),
                help: "How many can go on at once, by kind.", labels: [("kind", limit.name)])
        }
        registry.beforeExposition { [weak self] registry in
            guard let self else { return }
            for limit in [streams, queries, scrapes] {
                registry.set(
                    "bellwether_places_taken", to: Double(limit.open),
                    help: "How many go on, by kind: streams, queries, scrapes.",
                    labels: [("kind", limit.name)])
            }
        }
    }

    /// - Throws: 503 when less than this caller's tier may use is left.
    func reserve(
        _ bytes: Int, for use: MemoryBudget.Use, by account: MemoryBudget.Account
    ) throws(Problem) -> MemoryReservation {
        guard let reservation = budget.reserve(bytes, for: use, by: account) else {
            throw .memorySpent(budget.limit)
        }
        return reservation
    }

    /// - Throws: 503 when this caller may not begin anything now.
    func check(_ account: MemoryBudget.Account) throws(Problem) {
        guard budget.admits(account) else { throw .memorySpent(budget.limit) }
    }
}

extension Problem {
    static func memorySpent(_ limit: Int) -> Problem {
        .retryLater(
            .serviceUnavailable, "memory_spent",
            "the memory for requests is in use (\(limit) bytes, listen.limits.max_memory); ask again",
            after: .seconds(2))
    }
}

/// What a request holds until its answer is written. Thread-safe.
final class Holdings: Sendable {
    private let held = Mutex<[any AnyObject & Sendable]>([])

    func keep(_ thing: any AnyObject & Sendable) { held.withLock { $0.append(thing) } }

    func release() {
        let things = held.withLock { held in
            defer { held = [] }
            return held
        }
        // They go outside the lock.
        withExtendedLifetime(things) {}
    }
}

/// A query under way; ends when it goes.
public final class QueryPlace: Sendable {
    /// What a query of the log needs beside its answer: members of archives inflated side
    /// by side, lines and their copies.
    public static let logMemory = 8 << 20

    private let holdings = Holdings()

    init(_ place: ConcurrencyLimit.Place, _ memory: MemoryReservation) {
        holdings.keep(place)
        holdings.keep(memory)
    }

    /// The reading is done: what is left is the answer.
    public func end() { holdings.release() }
}

extension Exchange {
    /// Whose memory this request takes.
    private var account: MemoryBudget.Account {
        MemoryBudget.Account(tier: tier, identity: identity)
    }

    /// Bytes that are held until the answer is written.
    ///
    /// - Throws: 503 with `Retry-After` when they are not to be had.
    public func reserve(_ bytes: Int, for use: MemoryBudget.Use) throws(Problem) {
        holdings.keep(try admission.reserve(bytes, for: use, by: account))
    }

    /// A place and memory for a query of the log or the state file.
    ///
    /// - Throws: 429 when all places, or this credential's, are taken; 503 without memory.
    public func beginQuery(memory: Int) throws(Problem) -> QueryPlace {
        let place = try admission.queries.enter(owner, retryAfter: .seconds(1))
        return QueryPlace(place, try admission.reserve(memory, for: .queries, by: account))
    }

    /// A place and memory for a stream, until the answer ends.
    ///
    /// - Throws: 429 when all places, or this credential's, are taken; 503 without memory.
    public func beginStream(memory: Int) throws(Problem) {
        let place = try admission.streams.enter(owner, retryAfter: .seconds(5))
        try reserve(memory, for: .streams)
        holdings.keep(place)
    }

    /// One of the places for `/metrics`, until the answer is written.
    func beginScrape() throws(Problem) {
        holdings.keep(try admission.scrapes.enter(peer, retryAfter: .seconds(1)))
    }

    private var owner: String { identity?.id ?? peer }
}

extension MemoryBudget.Account {
    /// Who needs a credential for a route of this tier and shows none is a stranger.
    init(tier: MemoryBudget.Tier, identity: Identity?) {
        let isKnown = identity != nil || tier == .measurement
        self.init(tier: isKnown ? tier : .stranger, owner: identity?.id)
    }
}
