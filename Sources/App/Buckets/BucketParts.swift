import Archives
import Bucket
import Core
import EventLog
import Events
import Foundation
import Logging
import Notifier
import Settings
import Shipping
import State
import Telemetry
import Transfer

/// The bucket of a node, and the engine for its requests alone: a slow store delays neither a
/// measurement nor a digest.
struct BucketStore: Sendable {
    let bucket: Bucket
    let engine: TransferEngine

    /// - Throws: `BucketFault` for a location that `check` refuses.
    init(
        _ section: Settings.Bucket,
        environment: [String: String] = ProcessInfo.processInfo.environment, telemetry: Telemetry
    ) throws(BucketFault) {
        engine = TransferEngine(telemetry: telemetry)
        do throws(BucketFault) {
            bucket = try Bucket(section, environment: environment, engine: engine)
        } catch {
            engine.shutdown()
            throw error
        }
    }

    /// Restores what must be in an empty data folder before its log is opened.
    ///
    /// Archives may take half of `log.max_bytes`: what the node writes next needs space, too.
    func beginRestore(
        _ settings: Settings, telemetry: Telemetry
    ) async throws(ShippingFault) -> FolderRestore? {
        try await FolderRestore.begin(
            bucket, directory: DataFolder(settings.dataDirectory).path, node: settings.node,
            most: settings.log.maxBytes / 2, telemetry: telemetry)
    }
}

extension Node {
    /// The key `bucket`: the store, and what copies the log and its archives there.
    struct BucketParts: Sendable {
        let store: BucketStore
        let log: LogShipper
        let archives: ArchiveShipper
        /// Whether this node may decide and send; without `ha` always.
        let leadership: Leadership
        /// nil without `ha`.
        let other: OtherNode?
        private let eventLog: EventLog
        private let lease: Duration
        private let telemetry: Telemetry

        /// How long a start waits for the store's answer whose prefix it is.
        private static let patience = Duration.seconds(3)
        /// How long objects of the log stay when their lines are in archives.
        private static let keptObjects = Duration.seconds(7 * 86_400)

        /// - Parameter version: The node's configuration and executable now.
        /// - Throws: `PrefixTaken` if another node uses the prefix.
        init(
            _ store: BucketStore, _ section: Settings.Bucket, _ settings: Settings,
            _ eventLog: EventLog, version: @escaping @Sendable () -> NodeVersion,
            telemetry: Telemetry
        ) async throws {
            self.store = store
            self.telemetry = telemetry
            self.eventLog = eventLog
            lease = settings.pair?.lease ?? .zero
            let leadership = Leadership(settings.pair == nil ? .leading : .following)
            self.leadership = leadership
            let other = settings.pair.map { OtherNode($0, store, telemetry: telemetry) }
            self.other = other
            BucketUpkeepFailed.declare(in: telemetry.registry)
            if settings.pair != nil {
                LeadershipTaken.count(0, in: telemetry.registry)
                LogShipper.Pair.declare(in: telemetry.registry)
            }
            let folder = DataFolder(settings.dataDirectory).path
            let id = try await BlockingExecutor.bucketFiles.run { () throws(FileFault) in
                try PrefixOwner.ownID(in: folder)
            }
            let log = try await LogShipper(
                eventLog, bucket: store.bucket, id: id, delay: section.ship,
                pair: settings.pair.map { pair in
                    LogShipper.Pair(
                        lease: pair.lease, advertise: pair.advertise, leadership: leadership,
                        goesOnAlone: pair.bucketAway == .tell,
                        otherLeads: { await other?.leads() ?? false })
                },
                version: version, telemetry: telemetry)
            self.log = log
            archives = ArchiveShipper(
                ArchiveShipper.Plan(
                    node: settings.node, id: id, ship: section.ship, keep: section.keep,
                    isDue: { leadership.canAct && log.hasShipped(segment: $0) }),
                log: eventLog, bucket: store.bucket, telemetry: telemetry)
            try await archives.claim(within: Self.patience)
            await eventLog.addStore(BucketSegments(store.bucket), cache: folder + "/cache")
        }

        /// How long a digest waits for the bucket before it is sent.
        private static let digestWait = Duration.seconds(2)

        /// What decisions wait for.
        var decisions: DecisionLog.BucketWait {
            DecisionLog.BucketWait(
                until: { [log, leadership, other] end in
                    guard other != nil else {
                        // A bucket that fails must not delay messages.
                        guard log.status.failures == 0 else { return true }
                        _ = await log.mark.wait(for: end, within: Self.digestWait)
                        return true
                    }
                    // Of two nodes, only the one whose digest is in the bucket sends it.
                    while leadership.canAct {
                        if leadership.status.role == .alone { return true }
                        if await log.mark.wait(for: end, within: .milliseconds(500)) { return true }
                        if Task.isCancelled { return false }
                    }
                    return false
                },
                hurry: { [log] in log.mark.hurry() },
                aloneSince: { [leadership, lease] in
                    let status = leadership.status
                    return status.role == .alone ? status.since - lease : nil
                },
                untilActing: { [leadership] in
                    while leadership.status.role != .ended, !Task.isCancelled {
                        if leadership.canAct { return true }
                        try? await Task.sleep(for: .milliseconds(200))
                    }
                    return false
                })
        }

        /// Copies the state file's snapshot, unless the bucket is behind the log: the next one is
        /// copied then.
        func keep(snapshotOf store: Store, _ eventLog: EventLog) async {
            let (path, head) = (Store.snapshotPath(of: store.path), eventLog.head)
            guard await log.mark.wait(for: head, within: .seconds(60)) else {
                if Task.isCancelled { return }
                return telemetry.emit(
                    BucketUpkeepFailed(work: .snapshot, fault: "the bucket is behind the log"))
            }
            do {
                let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
                try await log.keep(snapshot: path, size: size ?? 0, head: head)
            } catch {
                telemetry.emit(BucketUpkeepFailed(work: .snapshot, fault: "\(error)"))
            }
        }

        /// Notes which archives the bucket has, so that a follower's disk need not hold them.
        func noteArchives() async {
            do {
                let last = try await BucketSegments(store.bucket).archives().last?.number ?? 0
                if last > eventLog.shipped { try await eventLog.noteShipped(last) }
            } catch {
                telemetry.emit(BucketUpkeepFailed(work: .listing, fault: "\(error)"))
            }
        }

        /// Removes old objects of the log once an hour.
        func removeObjects() async {
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(3600))
                if Task.isCancelled { return }
                do { try await log.removeObjects(olderThan: Self.keptObjects) } catch {
                    telemetry.emit(BucketUpkeepFailed(work: .removal, fault: "\(error)"))
                }
            }
        }
    }
}

extension BlockingExecutor {
    fileprivate static let bucketFiles = BlockingExecutor("bucket.owner")
}

/// Work in the bucket beside the copy of the log failed; it is tried again at its next time.
struct BucketUpkeepFailed: TelemetryEvent {
    enum Work: String, CaseIterable {
        /// Copying the snapshot of the state file.
        case snapshot
        /// Removing old objects of the log.
        case removal
        /// Listing the archives.
        case listing
    }

    let work: Work
    let fault: String

    var level: Logger.Level { .warning }
    var message: String {
        switch work {
        case .snapshot: "the snapshot of the state file was not copied to the bucket"
        case .removal: "old objects of the log were not removed from the bucket"
        case .listing: "the archives in the bucket could not be listed"
        }
    }
    var fields: [(String, String)] { [("fault", fault)] }

    func record(in registry: PrometheusRegistry) { Self.count(1, work, in: registry) }

    static func declare(in registry: PrometheusRegistry) {
        for work in Work.allCases { count(0, work, in: registry) }
    }

    private static func count(_ failures: Double, _ work: Work, in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_bucket_upkeep_failures_total", by: failures,
            help: "Snapshots not copied to the bucket, and removals and listings that failed.",
            labels: [("work", work.rawValue)])
    }
}
