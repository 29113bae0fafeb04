import Foundation

/// Where a node keeps what it must not lose, and who may read it.
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
    /// Tokens made at the first start, one file each.
    public var tokens: String { path + "/tokens" }

    public func token(_ name: String) -> String { tokens + "/" + name }

    /// Makes the folder (0700) and those below it. Idempotent.
    public func prepare() throws(Fault) {
        for folder in [path, log, outgoing, tls, tokens] {
            do {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700])
            } catch {
                throw Fault(
                    description:
                        "\(folder): cannot make this folder (\(error.localizedDescription)); make it, or set data_dir to a folder that this user may write"
                )
            }
        }
    }

    /// Writes a file that only the owner may read, whole or not at all.
    public func writeSecret(_ text: String, to file: String) throws(Fault) {
        let temporary = file + ".new"
        let done = FileManager.default.createFile(
            atPath: temporary, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        guard done, rename(temporary, file) == 0 else {
            throw Fault(description: "\(file): cannot write this file; is the folder writable?")
        }
    }

    /// The first line of a file written by `writeSecret`.
    public static func readSecret(_ file: String) throws(Fault) -> String {
        guard let data = FileManager.default.contents(atPath: file),
            let line = String(data: data, encoding: .utf8)?
                .split(whereSeparator: \.isNewline).first
        else {
            throw Fault(
                description:
                    "\(file): cannot read a token from this file; give another with --token-file, or make one with `bellwether token create`"
            )
        }
        return String(line)
    }
}
