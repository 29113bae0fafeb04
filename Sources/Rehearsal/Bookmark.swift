import Core
public import Events
import JSON

/// The state before a rehearsal, which `run` changes and `restore` puts back.
///
/// Stored as one JSON file with the SHA-256 of its content, so that an edited or truncated
/// bookmark is rejected.
public struct Bookmark: Sendable, Hashable {
    /// The name that `run --confirm` must repeat.
    public var name: String
    public var takenAt: Timestamp
    public var source: BalancerSource?
    public var weights: [Weight]
    /// The targets that serve the canary.
    public var canary: [String]
    /// Whether the rehearsal sets weights itself; if not, Argo's abort must change them.
    public var shifts: Bool
    public var probe: UserPath?
    public var rollout: RolloutFacts?
    /// Least number of available pods of the stable replica set before an abort.
    public var minStablePods: Int
}

// MARK: - As a file

extension Bookmark {
    /// Writes the file atomically, readable by its owner only.
    public func write(to path: String) throws(RehearsalFault) {
        do throws(FileFault) {
            try AtomicFile.write(bytes, to: path, mode: 0o600)
        } catch { throw RehearsalFault(.failed, error.description) }
    }

    public init(file path: String) throws(RehearsalFault) {
        guard let file = try? BoundedFile(reading: path, limit: 16 << 20) else {
            throw RehearsalFault(
                .precondition, "\(path): cannot be read; take one with `rehearse bookmark`")
        }
        guard let bookmark = Bookmark(bytes: file.bytes) else {
            throw RehearsalFault(
                .precondition,
                "\(path): is not a bookmark, or was changed since it was taken; take another")
        }
        self = bookmark
    }

    /// The file's content: the members, followed by their hash.
    var bytes: [UInt8] {
        var writer = JSONWriter()
        writer.object { w in
            write(to: &w)
            w.member("sha256", digest)
        }
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    /// The SHA-256 of the members, as 64 hex digits.
    public var digest: String {
        var writer = JSONWriter()
        writer.object { write(to: &$0) }
        return ContentHash.hex(writer.bytes)
    }
}
