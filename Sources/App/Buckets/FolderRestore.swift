import Bucket
import EventLog
import Events
import Foundation
public import Settings
import Shipping
import Telemetry
import Transfer

/// Restores a data folder from a bucket without starting a node.
public enum FolderRestore {
    /// The folder has lines that are not from a bucket.
    public struct NotEmpty: Error, CustomStringConvertible {
        let directory: String

        public var description: String {
            "\(directory): holds a log already; name a folder that does not exist or is empty"
        }
    }

    /// Copies the lines of the bucket's log to `directory`; a repeated call goes on.
    ///
    /// - Returns: The bytes of lines in the folder.
    public static func run(
        _ bucket: Settings.Bucket, to directory: String, node: String,
        environment: [String: String]
    ) async throws -> Int {
        let folder = DataFolder(directory)
        try folder.prepare()
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let source = try Bucket(bucket, environment: environment, engine: engine)
        let eventLog = try await EventLog.open(
            EventLogConfiguration(
                directory: folder.path, node: node, maxBytes: 1 << 50, ballastBytes: 0))
        do {
            let isKnown = FileManager.default.fileExists(atPath: folder.path + "/bucket.json")
            var reader = eventLog.reader(from: .start)
            let isEmpty = try await reader.next(maxLines: 1).lines.isEmpty
            guard isKnown || isEmpty else { throw NotEmpty(directory: directory) }
            let shipper = try await LogShipper(
                eventLog, bucket: source, delay: bucket.ship, telemetry: .silent)
            try await shipper.leave()
            let bytes = eventLog.status.usedBytes
            await eventLog.close()
            return bytes
        } catch {
            await eventLog.close()
            throw error
        }
    }
}
