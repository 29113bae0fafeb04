import HTTPTypes
import Synchronization
import Telemetry

/// Limits what a server's callers use at once: memory, streams, queries and scrapes.
///
/// Streams have a limit of their own, so that they do not use up the places of other requests.
final class Admission: Sendable {
    let budget: MemoryBudget
    let streams: ConcurrencyLimit
    let queries: ConcurrencyLimit
    /// `/metrics`, counted by the peer's address, because each answer is composed separately.
    let scrapes: ConcurrencyLimit

    /// The base cost of a request in bytes: its header, tasks and channels.
    static let exchange = 16 << 10
    /// The maximum answer length, in bytes, that is written at once and counted with its exchange.
    /// A longer answer is written in pieces, so that its buffered part stays below this.
    static let shortAnswer = 64 << 10
    /// The maximum answer length, in bytes, that needs no reservation of its own.
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

    /// - Throws: 503 if the part of the budget for this caller's tier is used up.
    func reserve(
        _ bytes: Int, for use: MemoryBudget.Use, by account: MemoryBudget.Account
    ) throws(Problem) -> MemoryReservation {
        guard let reservation = budget.reserve(bytes, for: use, by: account) else {
            throw .memorySpent(budget.limit)
        }
        return reservation
    }

    /// - Throws: 503 if this caller may not start a request now.
    func check(_ account: MemoryBudget.Account) throws(Problem) {
        guard budget.admits(account) else { throw .memorySpent(budget.limit) }
    }
}

extension Problem {
    static func memorySpent(_ limit: Int) -> Problem {
        .retryLater(
            .serviceUnavailable, "memory_spent",
            "the memory for requests is in use (\(limit) bytes, listen.limits.max_memory); retry later",
            after: .seconds(2))
    }
}

/// The places and memory that a request holds until its answer is written. Thread-safe.
final class Holdings: Sendable {
    private let held = Mutex<[any AnyObject & Sendable]>([])

    func keep(_ thing: any AnyObject & Sendable) { held.withLock { $0.append(thing) } }

    func release() {
        let things = held.withLock { held in
            defer { held = [] }
            return held
        }
        // Releases them outside the lock.
        withExtendedLifetime(things) {}
    }
}

/// A query under way. Its place and memory are released by `end` or with the object.
public final class QueryPlace: Sendable {
    /// The memory of a log query besides its answer, in bytes: archive members inflated in
    /// parallel, lines and their copies.
    public static let logMemory = 8 << 20
    /// The bytes for the values of a count, which are held up to four times: counted, as texts,
    /// sorted, and as the answer.
    public static let countedValues = 2 << 20

    private let holdings = Holdings()

    init(_ place: ConcurrencyLimit.Place, _ memory: MemoryReservation) {
        holdings.keep(place)
        holdings.keep(memory)
    }

    /// Releases place and memory once the reading is done and only the answer remains.
    public func end() { holdings.release() }
}

extension Exchange {
    /// The account that this request's memory is charged to.
    private var account: MemoryBudget.Account {
        MemoryBudget.Account(tier: tier, identity: identity)
    }

    /// Reserves bytes until the answer is written; those for bodies at most until `releaseBody`.
    ///
    /// - Throws: 503 with `Retry-After` if they are not available.
    public func reserve(_ bytes: Int, for use: MemoryBudget.Use) throws(Problem) {
        let reservation = try admission.reserve(bytes, for: use, by: account)
        if use == .bodies { body.derived.keep(reservation) } else { holdings.keep(reservation) }
    }

    /// Gives up the memory of the body, of which nothing is needed any longer: for a request that
    /// then waits.
    public func releaseBody() { body.release() }

    /// Takes a place and memory for a query of the log or the state file.
    ///
    /// - Throws: 429 if all places, or those of this credential, are taken; 503 if memory is short.
    public func beginQuery(memory: Int) throws(Problem) -> QueryPlace {
        let place = try admission.queries.enter(owner, retryAfter: .seconds(1))
        return QueryPlace(place, try admission.reserve(memory, for: .queries, by: account))
    }

    /// Takes a place and memory for a stream, until the answer ends.
    ///
    /// - Throws: 429 if all places, or those of this credential, are taken; 503 if memory is short.
    public func beginStream(memory: Int) throws(Problem) {
        let place = try admission.streams.enter(owner, retryAfter: .seconds(5))
        try reserve(memory, for: .streams)
        holdings.keep(place)
    }

    /// Takes a place for `/metrics` until the answer is written.
    func beginScrape() throws(Problem) {
        holdings.keep(try admission.scrapes.enter(peer, retryAfter: .seconds(1)))
    }

    private var owner: String { identity?.id ?? peer }
}

extension MemoryBudget.Account {
    /// A caller without a credential is a stranger, except on a route of the measurement tier.
    init(tier: MemoryBudget.Tier, identity: Identity?) {
        let isKnown = identity != nil || tier == .measurement
        self.init(tier: isKnown ? tier : .stranger, owner: identity?.id)
    }
}
