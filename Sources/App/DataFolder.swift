import Core
import Foundation
import Logging
import Secrets
import State
import Telemetry

/// The folder of a node's durable data: its paths, permissions and secret files.
public struct DataFolder: Sendable, Hashable {
    public struct Fault: Error, CustomStringConvertible, Sendable {
        public let description: String
    }

    public let path: String

    public init(_ path: String) {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    /// The event log's folder.
    public var log: String { path + "/log" }
    /// Cursors, windows, outbox, attempts, tokens.
    public var state: String { path + "/state.sqlite" }
    /// Digests kept by the `file` receiver.
    public var outgoing: String { path + "/outgoing" }
    /// The self-signed certificate and its key.
    public var tls: String { path + "/tls" }
    /// The self-signed certificate, which clients may trust by its file.
    public var certificate: String { tls + "/certificate.pem" }
    /// Tokens created at the first start, one file each.
    public var tokens: String { path + "/tokens" }

    public func token(_ name: String) -> String { tokens + "/" + name }

    /// Creates the folder and its subfolders with mode 0700. Idempotent.
    ///
    /// Sets an existing folder that other users can access to 0700.
    ///
    /// - Returns: The folder's previous mode if it was changed, else nil.
    /// - Throws: If a folder cannot be created, or if it belongs to another user and everybody
    ///   may write it.
    @discardableResult
    public func prepare() throws(Fault) -> UInt32? {
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
        try? FileManager.default.createDirectory(
            atPath: parent, withIntermediateDirectories: true)
        try Self.make(path)
        let open = try tighten()
        for folder in [log, outgoing, tls, tokens] { try Self.make(folder) }
        return open
    }

    private static func make(_ folder: String) throws(Fault) {
        var code: Int32 = mkdir(folder, 0o700) == 0 ? 0 : errno
        var facts = stat()
        if code == EEXIST, stat(folder, &facts) == 0 {
            code = facts.st_mode & S_IFMT == S_IFDIR ? 0 : ENOTDIR
        }
        guard code == 0 else {
            throw Fault(
                description:
                    "\(folder): cannot create this folder (\(String(cString: strerror(code)))); create it, or set data_dir to a folder that this user may write"
            )
        }
    }

    /// Sets the folder to mode 0700; returns its previous mode if that was another one.
    ///
    /// Leaves a folder of another user unchanged: a Kubernetes volume may belong to root and be
    /// open to this process's group.
    private func tighten() throws(Fault) -> UInt32? {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return nil }
        let mode = UInt32(facts.st_mode) & 0o7777
        if facts.st_uid == geteuid() || geteuid() == 0 {
            guard mode & 0o077 != 0 else { return nil }
            guard chmod(path, 0o700) == 0 else {
                throw Fault(
                    description:
                        "\(path): is open to others and its mode cannot be changed (\(String(cString: strerror(errno)))); run chmod 700 on it"
                )
            }
            return mode
        }
        guard mode & 0o002 == 0 else {
            throw Fault(
                description:
                    "\(path): belongs to user \(facts.st_uid) and everybody may write it; give it to this user with chown and chmod 700, or set data_dir to a folder below it, which is then created for this user only"
            )
        }
        return nil
    }

    /// Writes a file with mode 0600, atomically, and syncs it to disk.
    public func writeSecret(_ text: String, to file: String) throws(Fault) {
        do throws(FileFault) {
            try AtomicFile.write(text.utf8, to: file, mode: 0o600)
        } catch { throw Fault(description: error.description) }
    }

    /// The first line of a file written by `writeSecret`.
    public static func readSecret(_ file: String) throws(Fault) -> String {
        guard let content = try? BoundedFile(reading: file, limit: 64 << 10),
            let line = String(validating: content.bytes, as: UTF8.self)?
                .split(whereSeparator: \.isNewline).first
        else {
            throw Fault(
                description:
                    "\(ShownText.file(file)): cannot read a token from this file; give another with --token-file, or make one with `bellwether token create`"
            )
        }
        // Some editors save a byte order mark and blanks; neither is part of a token.
        return line.trimmingCharacters(in: CharacterSet(charactersIn: "\u{FEFF} \t"))
    }
}

/// The data folder was open to other users; its mode was set to 0700.
struct FolderClosed: TelemetryEvent {
    let path: String
    let mode: UInt32

    var level: Logger.Level { .warning }
    var message: String {
        "the data folder was open to others; its mode is now 0700"
    }
    var fields: [(String, String)] { [("path", path), ("mode", String(mode, radix: 8))] }
}

/// A lost state file was restored from its snapshot.
struct StateRestored: TelemetryEvent {
    let path: String

    var level: Logger.Level { .warning }
    var message: String {
        "the state file was missing and is restored from its snapshot; tokens are not restored"
    }
    var fields: [(String, String)] { [("path", path)] }
}

extension DataFolder {
    /// Removes the state file of a log that is restored from the bucket: its positions are those of
    /// other lines. Returns the tokens that people made, which are nowhere else.
    func dropState() async throws -> [TokenTable.Row] {
        guard FileManager.default.fileExists(atPath: state) else { return [] }
        var rows: [TokenTable.Row] = []
        if let store = try? Store(path: state) {
            rows = (try? await store.read { db in try TokenTable.all(db) }) ?? []
            try? store.close()
        }
        for path in [state, state + "-wal", state + "-shm"]
        where FileManager.default.fileExists(atPath: path) {
            try FileManager.default.removeItem(atPath: path)
        }
        return rows.filter { $0.revoked == nil && $0.ended.isEmpty }
    }
}
