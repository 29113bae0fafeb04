public import Bucket
public import Core
public import Events
import Foundation
import JSON

/// Which node writes below a prefix of a bucket: the object `cluster`, which is only created.
///
/// The node's own id is in the file `cluster` of its data folder. The segments of two logs below
/// one prefix would be mixed.
public struct PrefixOwner: Sendable, Equatable {
    static let object = "cluster"

    /// 32 hexadecimal digits.
    public let id: String
    /// The node that created the object.
    public let node: String
    /// When it did, in RFC 3339.
    public let since: String

    /// Claims the prefix for the node with this id; returns the owner if that is another one.
    public static func claim(
        _ bucket: Bucket, id: String, node: String, now: Timestamp
    ) async throws(BucketFault) -> PrefixOwner? {
        if let owner = try await read(bucket) { return owner.id == id ? nil : owner }
        do throws(BucketFault) {
            _ = try await bucket.create(object, document(id: id, node: node, now: now))
            return nil
        } catch {
            // Another node was first, or an earlier try of this one whose answer was lost.
            guard error.kind == .taken, let owner = try await read(bucket) else { throw error }
            return owner.id == id ? nil : owner
        }
    }

    /// The owner of the prefix; nil if nothing claimed it.
    public static func read(_ bucket: Bucket) async throws(BucketFault) -> PrefixOwner? {
        guard let bytes = try await bucket.present(object) else { return nil }
        let limits = JSONLimits(maxBytes: 4096, maxDepth: 4)
        guard let value = try? JSONValue(parsing: bytes, limits: limits),
            let id = value["cluster"]?.string,
            value["format"]?.integer == 1
        else {
            throw BucketFault(
                .answer, place: "\(bucket.location.url)/\(object)",
                words: "the object has a format that this release does not support")
        }
        return PrefixOwner(
            id: id, node: value["node"]?.string ?? "", since: value["created"]?.string ?? "")
    }

    private static func document(id: String, node: String, now: Timestamp) -> [UInt8] {
        var json = JSONWriter()
        json.object { w in
            w.member("format", 1)
            w.member("cluster", id)
            w.member("node", node)
            w.member("created", now.rfc3339)
        }
        return json.bytes
    }

    /// The id of the data folder, created if there is none. Blocks.
    public static func ownID(in folder: String) throws(FileFault) -> String {
        if let id = try presentID(in: folder) { return id }
        let id = (0..<2).map { _ in
            String(UInt64.random(in: 1 << 60 ... .max), radix: 16)
        }.joined()
        try adopt(id, in: folder)
        return id
    }

    /// The id of the data folder; nil if there is none. Blocks.
    public static func presentID(in folder: String) throws(FileFault) -> String? {
        let path = path(folder)
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        let id = text.trimmingCharacters(in: .whitespacesAndNewlines)
        // With another id, this node would not be the owner of its own prefix.
        guard !id.isEmpty, id.utf8.count <= 64 else {
            throw FileFault("read", path, code: EINVAL)
        }
        return id
    }

    /// Gives the data folder an id: that of the prefix from which it is restored. Blocks.
    public static func adopt(_ id: String, in folder: String) throws(FileFault) {
        try AtomicFile.write(Array((id + "\n").utf8), to: path(folder), mode: 0o600)
    }

    private static func path(_ folder: String) -> String { "\(folder)/cluster" }
}

/// Two nodes use one prefix of a bucket; the one that came later does not start.
public struct PrefixTaken: Error, Sendable, Equatable, CustomStringConvertible {
    let url: String
    let owner: PrefixOwner

    public init(url: String, owner: PrefixOwner) {
        self.url = url
        self.owner = owner
    }

    public var description: String {
        "bucket.url: \(url) belongs to the node \(owner.node) (cluster \(owner.id), since \(owner.since)): "
            + "give each node a prefix of its own; if this is that node with a new data folder, start with an empty one, which is restored from the bucket"
    }
}
