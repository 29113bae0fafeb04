public import GRDB

/// What went wrong with the state file, where, and what to do.
public struct StoreError: Error, CustomStringConvertible, Sendable {
    public let path: String
    public let fault: String
    public let remedy: String

    public var description: String { "\(path): \(fault); \(remedy)" }
}

/// The state file, `state.sqlite`: everything durable that is not an event.
///
/// One connection, one serial queue of GRDB's own: calls never block the
/// cooperative pool, and transactions are serial. WAL with `synchronous=FULL`:
/// a committed transaction survives power loss. Other processes (the command
/// line) may open the same file; writers wait for each other up to 5 s.
public final class Store: Sendable {
    private let queue: DatabaseQueue
    public let path: String

    /// Opens the file, makes it (0600 from the first moment) when it is not there, and migrates
    /// it. SQLite gives the files beside it the same mode.
    public init(path: String) throws {
        self.path = path
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.label = "bellwether.store"
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL")
            try db.execute(sql: "PRAGMA synchronous = FULL")
            // KiB; what is read is small, and what is written goes to the log of SQLite early.
            try db.execute(sql: "PRAGMA cache_size = -512")
        }
        try Self.claim(path)
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
            try Schema.migrator.migrate(queue)
        } catch let error as DatabaseError {
            throw StoreError(
                path: path, fault: error.message ?? "\(error.resultCode)",
                remedy: "check that the folder is writable and the file is a Bellwether state file")
        }
        Self.restrict(path)
    }

    /// Runs `body` in one read transaction.
    public func read<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws
        -> T
    {
        try await queue.read(body)
    }

    /// Runs `body` in one write transaction: all of it or, when it throws, none.
    public func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws
        -> T
    {
        try await queue.write(body)
    }

    /// The same, blocking the calling thread: for start-up and the command line only.
    public func writeBlocking<T>(_ body: (Database) throws -> T) throws -> T {
        try queue.write(body)
    }

    public func readBlocking<T>(_ body: (Database) throws -> T) throws -> T {
        try queue.read(body)
    }

    /// A number that changes whenever another connection (another process) commits.
    public func foreignChanges() async throws -> Int {
        try await queue.read { db in try Int.fetchOne(db, sql: "PRAGMA data_version") ?? 0 }
    }

    public func close() throws { try queue.close() }
}
