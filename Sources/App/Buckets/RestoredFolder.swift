import EventLog
import Events
public import Settings
import Shipping
import Telemetry
import Transfer

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Restores a data folder from a bucket without starting a node.
public enum RestoredFolder {
    /// The folder has a log already.
    public struct NotEmpty: Error, CustomStringConvertible {
        let directory: String

        public var description: String {
            "\(directory): holds a log already; name a folder that does not exist or is empty"
        }
    }

    /// The prefix has nothing to restore.
    public struct NothingThere: Error, CustomStringConvertible {
        let url: String

        public var description: String {
            "\(url): no node has written below this prefix; check bucket.url, or --from"
        }
    }

    /// Copies archives, the state's snapshot and the lines of the bucket's log to `directory`. An
    /// interrupted restore begins again.
    ///
    /// - Returns: The bytes of the log in the folder.
    public static func make(
        _ bucket: Settings.Bucket, in directory: String, environment: [String: String]
    ) async throws -> Int {
        let folder = DataFolder(directory)
        try folder.prepare()
        let store = try BucketStore(bucket, environment: environment, telemetry: .silent)
        defer { store.engine.shutdown() }
        let begun = try await FolderRestore.begin(
            store.bucket, directory: folder.path, node: nil, most: .max, telemetry: .silent)
        guard let begun else {
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.log)
            if !names.isEmpty { throw NotEmpty(directory: directory) }
            throw NothingThere(url: bucket.url)
        }
        let eventLog = try await EventLog.open(
            EventLogConfiguration(
                directory: folder.path, node: begun.node, maxBytes: 1 << 50, ballastBytes: 0))
        do {
            try await begun.finish(eventLog, takesOver: false)
            let bytes = eventLog.status.usedBytes
            await eventLog.close()
            return bytes
        } catch {
            await eventLog.close()
            throw error
        }
    }
}
