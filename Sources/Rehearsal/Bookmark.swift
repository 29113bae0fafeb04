public import Events
import Foundation
import JSONScan

/// The state before a rehearsal: what `run` may change and `restore` puts back.
///
/// One JSON file with the SHA-256 of its own content, so that a bookmark that
/// was edited or cut off is never acted on.
public struct Bookmark: Sendable, Hashable {
    /// What `run --confirm` must repeat.
    public var name: String
    public var takenAt: Timestamp
    public var source: BalancerSource?
    public var weights: [Weight]
    /// The targets that serve the canary.
    public var canary: [String]
    /// Whether the rehearsal sets weights itself; otherwise Argo's abort must move them.
    public var shifts: Bool
    public var probe: UserPath?
    public var rollout: RolloutFacts?
    /// Pods of the stable replica set that must be there before an abort.
    public var minStablePods: Int
}

// MARK: - As a file

extension Bookmark {
    /// Writes the file whole or not at all, for its owner only.
    public func write(to path: String) throws(RehearsalFault) {
        let temporary = path + ".new"
        unlink(temporary)
        // Its owner's alone from the first byte.
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
        guard descriptor >= 0, (try? file.write(contentsOf: Data(bytes))) != nil,
            fsync(descriptor) == 0, close(descriptor) == 0, rename(temporary, path) == 0
        else {
            throw RehearsalFault(.failed, "\(path): cannot be written; is the folder writable?")
        }
    }

    public init(file path: String) throws(RehearsalFault) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw RehearsalFault(
                .precondition, "\(path): cannot be read; take one with `rehearse bookmark`")
        }
        guard let bookmark = Bookmark(bytes: Array(data)) else {
            throw RehearsalFault(
                .precondition,
                "\(path): is no bookmark, or was changed since it was taken; take another")
        }
        self = bookmark
    }

    /// The file's content: the members, then their hash as the last one.
    var bytes: [UInt8] {
        var writer = JSONWriter()
        writer.object { w in
            write(to: &w)
            w.member("sha256", digest)
        }
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    /// 64 hex digits over the members.
    public var digest: String {
        var writer = JSONWriter()
        writer.object { write(to: &$0) }
        return ContentHash.hex(writer.bytes)
    }
}
