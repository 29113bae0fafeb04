public import GRDB

/// A fault of the state file, with its path and a remedy.
public struct StoreError: Error, CustomStringConvertible, Sendable {
    public let path: String
    public let fault: String
    public let remedy: String

    public var description: String { "\(path): \(fault); \(remedy)" }
}

/// The state file, `state.sqlite`: everything durable that is not an event.
///
/// Thread-safe: GRDB runs all transactions on one connection and one serial
/// queue. `read` and `write` do not block the cooperative pool. WAL with
/// `synchronous=FULL`: a committed transaction survives power loss. Other
/// processes (the command line) may open the file; writers wait for each other
/// for up to 5 s.
public final class Store: Sendable {
    private let queue: DatabaseQueue
    public let path: String

    /// Opens and migrates the file; creates it with mode 0600 if it does not exist.
    ///
    /// SQLite gives its `-wal` and `-shm` files the same mode.
    public init(path: String) throws {
        self.path = path
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.label = "bellwether.store"
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL")
            try db.execute(sql: "PRAGMA synchronous = FULL")
            // 512 KiB: reads are small, and SQLite writes changed pages to its WAL early.
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

    /// Runs `body` in one write transaction, which is rolled back if `body` throws.
    public func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws
        -> T
    {
        try await queue.write(body)
    }

    /// Runs `body` in one write transaction and blocks the calling thread; not for async code.
    public func writeBlocking<T>(_ body: (Database) throws -> T) throws -> T {
        try queue.write(body)
    }

    /// Runs `body` in one read transaction and blocks the calling thread; not for async code.
    public func readBlocking<T>(_ body: (Database) throws -> T) throws -> T {
        try queue.read(body)
    }

    /// A number that changes whenever another connection (another process) commits.
    public func foreignChanges() async throws -> Int {
        try await queue.read { db in try Int.fetchOne(db, sql: "PRAGMA data_version") ?? 0 }
    }

    public func close() throws { try queue.close() }
}
