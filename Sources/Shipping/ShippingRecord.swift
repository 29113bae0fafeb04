import Core
import Events
import JSON

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What a folder knows of the bucket's log: `bucket.json`.
///
/// It may be older than the log: the objects from `next` on are read again at the start.
struct ShippingRecord: Equatable, Sendable {
    var cluster: String
    /// The writers of this folder's lives, newest last.
    var writers: [String] = []
    /// The first object that is not known.
    var next: UInt64 = 1
    /// The end of the lines of this folder that are in the objects before `next`.
    var shipped = LogPosition.start
    /// Whether the folder holds all lines of the objects that it was restored from.
    var isRestored = true

    /// A late write is at most some minutes old, so these suffice.
    private static let writersKept = 16

    mutating func add(writer: String) {
        writers.append(writer)
        writers = writers.suffix(Self.writersKept)
    }

    static func path(_ directory: String) -> String { directory + "/bucket.json" }

    /// Returns nil if the folder has none.
    static func load(_ directory: String) throws(ShippingFault) -> ShippingRecord? {
        let path = path(directory)
        guard let data = FileManager.default.contents(atPath: path) else {
            guard !FileManager.default.fileExists(atPath: path) else {
                throw .folder("\(path): cannot be read; check its permissions")
            }
            return nil
        }
        guard
            let tree = try? JSONValue(
                parsing: Array(data), limits: JSONLimits(maxBytes: 64 << 10, maxDepth: 4)),
            let cluster = tree["cluster"]?.string, let next = tree["next"]?.integer, next > 0,
            let shipped = tree["shipped"]?.string.flatMap({ LogPosition($0) }),
            let isRestored = tree["restored"]?.bool, case .array(let writers)? = tree["writers"]
        else {
            throw .folder(
                "\(path): is damaged; move this folder away and start with an empty data_dir to restore it from the bucket"
            )
        }
        return ShippingRecord(
            cluster: cluster, writers: writers.compactMap(\.string), next: UInt64(next),
            shipped: shipped, isRestored: isRestored)
    }

    func save(_ directory: String) throws(ShippingFault) {
        var json = JSONWriter()
        json.object { json in
            json.member("cluster", cluster)
            json.member(array: "writers") { json in for name in writers { json.value(name) } }
            json.key("next")
            json.value(next)
            json.member("shipped", shipped.description)
            json.member("restored", isRestored)
        }
        do throws(FileFault) {
            try AtomicFile.write(json.bytes, to: Self.path(directory), mode: 0o600)
        } catch { throw .folder("\(error)") }
    }
}
