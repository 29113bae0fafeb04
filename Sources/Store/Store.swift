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
    /// How a process opens the file.
    public enum Opening: Sendable {
        /// For the node: creates the file with mode 0600 if it does not exist, and migrates it.
        case owner
        /// For a command that changes rows: the file must exist in the form of this release.
        case editor
        /// For a command that reads: the same, and nothing can be written.
        case reader
    }

    private let queue: DatabaseQueue
    public let path: String

    /// Opens the file. SQLite gives its `-wal` and `-shm` files the same mode.
    ///
    /// - Throws: `StoreError` if the file cannot be used, or if it has the form of another release
    ///   and `opening` is not `owner`.
    public init(path: String, _ opening: Opening = .owner) throws {
        self.path = path
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.label = "bellwether.store"
        configuration.prepareDatabase { db in
            if opening == .owner { try db.execute(sql: "PRAGMA journal_mode = WAL") }
            // A connection that is read-only for SQLite would leave `-wal` and `-shm` behind.
            if opening == .reader { try db.execute(sql: "PRAGMA query_only = ON") }
            try db.execute(sql: "PRAGMA synchronous = FULL")
            // 512 KiB: reads are small, and SQLite writes changed pages to its WAL early.
            try db.execute(sql: "PRAGMA cache_size = -512")
        }
        if opening == .owner { try Self.claim(path) } else { try Self.requireFile(path) }
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
            if opening == .owner {
                try Schema.migrator.migrate(queue)
            } else {
                try Self.requireForm(queue, path)
            }
        } catch let error as DatabaseError {
            throw StoreError(
                path: path, fault: error.message ?? "\(error.resultCode)",
                remedy: "check that the folder is writable and the file is a Bellwether state file")
        }
        if opening == .owner { Self.restrict(path) }
    }

    /// Throws if the file's tables are not those of this release.
    private static func requireForm(_ queue: DatabaseQueue, _ path: String) throws {
        let (isNewer, isCurrent) = try queue.read { db in
            (
                try Schema.migrator.hasBeenSuperseded(db),
                try Schema.migrator.hasCompletedMigrations(db)
            )
        }
        if isNewer {
            throw StoreError(
                path: path, fault: "was written by a newer release",
                remedy: "use the command of the release that the node runs")
        }
        if !isCurrent {
            throw StoreError(
                path: path, fault: "was written by an older release",
                remedy:
                    "start the node once with this release, or use the command of the older one")
        }
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
