import Core
import GRDB

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A copy of the state file beside it, from which a lost one is restored.
///
/// The copy holds up to the cursors in it; the decisions in the log after them complete it. Tokens
/// are left out: one that was revoked since must not become valid again.
extension Store {
    private static let copying = BlockingExecutor("state-snapshot")

    /// The path of the snapshot of the state file at `path`.
    public static func snapshotPath(of path: String) -> String { path + ".snapshot" }

    /// Writes the snapshot and replaces the previous one. Reads and writes continue meanwhile.
    public func snapshot() async throws {
        let path = path
        try await Self.copying.run { try Self.copy(path, to: Self.snapshotPath(of: path)) }
    }

    private static func copy(_ path: String, to snapshot: String) throws {
        let temporary = snapshot + ".new"
        unlink(temporary)
        // VACUUM accepts an empty file, and keeps its mode.
        try claim(temporary)
        do {
            var configuration = Configuration()
            configuration.busyMode = .timeout(5)
            let source = try DatabaseQueue(path: path, configuration: configuration)
            try source.writeWithoutTransaction { db in
                try db.execute(sql: "VACUUM INTO ?", arguments: [temporary])
            }
            try source.close()
            let copy = try DatabaseQueue(path: temporary, configuration: configuration)
            try copy.writeWithoutTransaction { db in
                // Without it, the rows stay in the file's free space.
                try db.execute(sql: "PRAGMA secure_delete = ON")
                try db.execute(sql: "DELETE FROM token")
            }
            try copy.close()
            try AtomicFile.publish(temporary, as: snapshot)
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Makes the snapshot the state file if there is none at `path`. Returns whether it did.
    ///
    /// The next snapshot is a new one. Call it before the file is opened.
    public static func restoreSnapshot(to path: String) throws -> Bool {
        guard access(path, F_OK) != 0, errno == ENOENT else { return false }
        // SQLite would apply the log of the lost file to the restored one.
        unlink(path + "-wal")
        unlink(path + "-shm")
        let snapshot = snapshotPath(of: path)
        guard access(snapshot, F_OK) == 0 else { return false }
        try AtomicFile.publish(snapshot, as: path)
        return true
    }
}
