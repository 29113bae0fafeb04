import GRDB
import Synchronization

/// A fault of the state file, with its path and a remedy.
public struct StoreError: Error, CustomStringConvertible, Sendable {
    public let path: String
    public let fault: String
    public let remedy: String

    public var description: String { "\(path): \(fault); \(remedy)" }

    static func closed(_ path: String) -> StoreError {
        StoreError(
            path: path, fault: "the node has closed the file because it stops",
            remedy: "try again when the node runs")
    }

    static func unreadable(_ path: String, _ value: UnreadableValue) -> StoreError {
        StoreError(
            path: path, fault: "a row's \(value.column) is not of the column's type",
            remedy: "stop the node and remove the file: all but the tokens is rebuilt from the log")
    }

    static func readOnly(_ path: String) -> StoreError {
        StoreError(
            path: path, fault: "was opened for reading only", remedy: "open it for changes")
    }
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
        /// For a command that reads: the same, and nothing can be written. SQLite opens it for
        /// writing: a read-only connection would leave `-wal` and `-shm` behind.
        case reader
    }

    private let queue: DatabaseQueue
    private let opening: Opening
    private let isClosed = Atomic(false)
    public let path: String

    /// Opens the file. SQLite gives its `-wal` and `-shm` files the same mode.
    ///
    /// - Throws: `StoreError` if the file cannot be used, or if it has the form of another release
    ///   and `opening` is not `owner`.
    public init(path: String, _ opening: Opening = .owner) throws {
        self.path = path
        self.opening = opening
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.label = "bellwether.store"
        configuration.prepareDatabase { db in
            if opening == .owner { try db.execute(sql: "PRAGMA journal_mode = WAL") }
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
    ///
    /// - Throws: `StoreError` if the file is closed.
    public func read<T: Sendable>(
        _ body: @escaping @Sendable (Transaction) throws -> T
    ) async throws -> T {
        try await whileOpen { db in
            try db.readOnly { try Self.inTransaction(db, .deferred, body) }
        }
    }

    /// Runs `body` in one write transaction, which is rolled back if `body` throws.
    ///
    /// - Throws: `StoreError` if the file is closed or was opened by a reader.
    public func write<T: Sendable>(
        _ body: @escaping @Sendable (Transaction) throws -> T
    ) async throws -> T {
        if opening == .reader { throw StoreError.readOnly(path) }
        return try await whileOpen { db in try Self.inTransaction(db, .immediate, body) }
    }

    /// Runs `body` on the connection's queue.
    private func whileOpen<T: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> T
    ) async throws -> T {
        try await queue.writeWithoutTransaction { db in
            // Checked on the queue, where `close` waits for its turn: GRDB ends the process when a
            // closed connection is used.
            if self.isClosed.load(ordering: .acquiring) { throw StoreError.closed(self.path) }
            do { return try body(db) } catch let value as UnreadableValue {
                throw StoreError.unreadable(self.path, value)
            }
        }
    }

    private static func inTransaction<T>(
        _ db: Database, _ kind: Database.TransactionKind, _ body: (Transaction) throws -> T
    ) throws -> T {
        var result = Result<T, any Error>.failure(DatabaseError(resultCode: .SQLITE_ABORT))
        try db.inTransaction(kind) {
            result = .success(try body(Transaction(db)))
            return .commit
        }
        return try result.get()
    }

    /// A number that changes whenever another connection (another process) commits.
    public func foreignChanges() async throws -> Int {
        try await read { db in
            try Int.fetchOne(db.connection, sql: "PRAGMA data_version") ?? 0
        }
    }

    /// Closes the file after the running transaction; later ones throw `StoreError`.
    public func close() throws {
        isClosed.store(true, ordering: .releasing)
        try queue.close()
    }
}

/// A row's column holds a value of another type, such as a text in a column of numbers.
struct UnreadableValue: Error {
    let column: String
}

extension Row {
    /// The value of a column.
    ///
    /// GRDB's subscripts end the process for a value of another type, which SQLite stores in any
    /// column. GRDB's own error would quote the row.
    func read<Value: DatabaseValueConvertible>(_ column: String) throws -> Value {
        do { return try decode(Value.self, forColumn: column) } catch {
            throw UnreadableValue(column: column)
        }
    }
}
