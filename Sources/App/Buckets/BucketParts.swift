import Archives
import Bucket
import Core
import EventLog
import Foundation
import Settings
import Telemetry
import Transfer

extension Node {
    /// The key `bucket`: the store and what copies archives to it.
    struct BucketParts: Sendable {
        let bucket: Bucket
        /// Of the bucket alone: a slow store delays neither a measurement nor a digest.
        let engine: TransferEngine
        let shipper: ArchiveShipper

        /// How long a start waits for the store's answer whose prefix it is.
        private static let patience = Duration.seconds(3)

        /// - Throws: `PrefixTaken` if another node uses the prefix, `BucketFault` for a location
        ///   that `check` refuses.
        init(
            _ section: Settings.Bucket, _ settings: Settings, _ eventLog: EventLog,
            telemetry: Telemetry
        ) async throws {
            let folder = settings.dataDirectory
            let id = try await BlockingExecutor.bucketFiles.run { () throws(FileFault) in
                try PrefixOwner.ownID(in: folder)
            }
            engine = TransferEngine(telemetry: telemetry)
            do {
                bucket = try Bucket(
                    section, environment: ProcessInfo.processInfo.environment, engine: engine)
                shipper = ArchiveShipper(
                    ArchiveShipper.Plan(
                        node: settings.node, id: id, ship: section.ship, keep: section.keep),
                    log: eventLog, bucket: bucket, telemetry: telemetry)
                try await shipper.claim(within: Self.patience)
            } catch {
                engine.shutdown()
                throw error
            }
            await eventLog.addStore(
                BucketSegments(bucket), cache: DataFolder(folder).path + "/cache")
        }
    }
}

extension BlockingExecutor {
    fileprivate static let bucketFiles = BlockingExecutor("bucket.owner")
}

/// An error of a start that a change of the configuration ends; the exit status is 78.
public protocol RefusedConfiguration: Error {}

extension PrefixTaken: RefusedConfiguration {}
