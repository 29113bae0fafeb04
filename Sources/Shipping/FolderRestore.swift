import Archives
public import Bucket
import Core
public import EventLog
import Events
import Replication
public import Telemetry

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Fills an empty data folder with what a node has copied to its bucket.
///
/// First, before the log is opened: the newest archives that fit, the key of the node's own lines,
/// and the newest snapshot of the state file. Then, with the open log: the lines behind the
/// archives. Lines have the segments that they had, so that the folder's archives and those in the
/// bucket are the same ones.
public struct FolderRestore: Sendable {
    static let key = "log.key"
    static let snapshots = "snap/"
    /// The name of the state file's snapshot in a data folder.
    static let snapshotFile = "state.sqlite.snapshot"

    /// The object of a snapshot that contains the effects of the log's objects up to `number`, at
    /// least.
    static func snapshot(_ number: UInt64) -> String {
        snapshots + LogObject.name(number).dropFirst(LogObject.folder.count)
    }

    private let log: SharedLog
    private let directory: String
    /// The node whose log it is.
    public let node: String
    private let telemetry: Telemetry
    private let cluster: String
    /// The last segment that is restored from its archive; 0 without archives.
    private let archived: UInt64
    private let archives: Int
    /// An object that exists, or existed: the one of the snapshot.
    private let hint: UInt64
    /// Whether the folder had a log before, whose state file is still there.
    public let isAgain: Bool

    // MARK: - Before the log is opened

    /// Restores what must be there before the log is opened. Returns nil if there is nothing to
    /// restore: the folder has a log, or this node has not written below the prefix.
    ///
    /// A restore that was interrupted begins again.
    ///
    /// - Parameters:
    ///   - directory: The data folder, which exists and which no node has open.
    ///   - node: The name of this node; the log of another one is not restored. nil: any node's.
    ///   - most: The bytes of archives to restore; older archives stay in the bucket only.
    /// - Throws: Also if the bucket cannot be reached, because it may have a log.
    public static func begin(
        _ bucket: Bucket, directory: String, node: String?, most: Int, telemetry: Telemetry
    ) async throws(ShippingFault) -> FolderRestore? {
        let lock = try await BlockingExecutor.shipping.run { () throws(ShippingFault) in
            do throws(EventLogError) { return try FolderLock(directory) } catch {
                throw ShippingFault.folder("\(error)")
            }
        }
        // Another process may be restoring this folder.
        defer { lock.release() }
        let record = try ShippingRecord.load(directory)
        // `restore` leaves a folder that no node has continued yet.
        if let record, record.isRestored, !record.writers.isEmpty { return nil }
        if record == nil, try hasLog(directory) { return nil }
        let owner: PrefixOwner?
        do throws(BucketFault) { owner = try await PrefixOwner.read(bucket) } catch {
            throw .undecided(place: directory, error)
        }
        guard let owner, node == nil || owner.node == node else {
            if record != nil { throw .unfinished(place: directory) }
            return nil
        }
        if let own = try ownID(directory), own != owner.id {
            throw .otherCluster(place: directory)
        }
        if record != nil { try clear(directory) }
        var begun = ShippingRecord(cluster: owner.id)
        begun.isRestored = false
        try begun.save(directory)
        do throws(FileFault) { try PrefixOwner.adopt(owner.id, in: directory) } catch {
            throw .folder("\(error)")
        }
        do throws(BucketFault) {
            try await restoreKey(bucket, directory)
            let hint = try await restoreSnapshot(bucket, directory)
            let (archived, count) = try await restoreArchives(
                bucket, directory, most, telemetry)
            return FolderRestore(
                log: SharedLog(bucket: bucket), directory: directory, node: owner.node,
                telemetry: telemetry, cluster: owner.id, archived: archived, archives: count,
                hint: hint, isAgain: record != nil)
        } catch { throw .bucket(error) }
    }

    /// Refuses a folder whose restore was interrupted, for a node without a bucket.
    public static func check(_ directory: String) throws(ShippingFault) {
        if try ShippingRecord.load(directory)?.isRestored == false {
            throw .unfinished(place: directory)
        }
    }

    /// Whether the folder has segments.
    static func hasLog(_ directory: String) throws(ShippingFault) -> Bool {
        let folder = directory + "/log"
        guard FileManager.default.fileExists(atPath: folder) else { return false }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder).contains {
                $0.hasSuffix(".jsonl") || $0.hasSuffix(".jsonl.gz")
            }
        } catch { throw .folder("\(folder): cannot be listed; check its permissions") }
    }

    private static func ownID(_ directory: String) throws(ShippingFault) -> String? {
        do throws(FileFault) { return try PrefixOwner.presentID(in: directory) } catch {
            throw .folder("\(error)")
        }
    }

    /// Removes what an interrupted restore left.
    private static func clear(_ directory: String) throws(ShippingFault) {
        let folder = directory + "/log"
        do {
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
                try FileManager.default.removeItem(atPath: folder + "/" + name)
            }
        } catch {
            throw .folder(
                "\(folder): an interrupted restore cannot be removed; empty this folder and start again"
            )
        }
    }

    private static func restoreKey(
        _ bucket: Bucket, _ directory: String
    ) async throws(BucketFault) {
        guard let key = try await bucket.present(Self.key) else { return }
        do throws(FileFault) { try SealKey.install(key, in: directory) } catch {
            throw BucketFault(.invalid, place: error.path, words: error.reason)
        }
    }

    private static func restoreSnapshot(
        _ bucket: Bucket, _ directory: String
    ) async throws(BucketFault) -> UInt64 {
        // A snapshot of this folder's earlier log may be there: its positions are of other lines.
        try? FileManager.default.removeItem(atPath: "\(directory)/\(snapshotFile)")
        var newest: UInt64 = 0
        for snapshot in try await bucket.list(snapshots).reversed() {
            guard let number = snapshotNumber(snapshot.name) else { continue }
            newest = max(newest, number)
            do throws(BucketFault) {
                try await bucket.download(
                    snapshot.name, size: snapshot.size, to: "\(directory)/\(snapshotFile)")
                return newest
            } catch {
                // Damaged, or removed meanwhile. The state is in the log, too.
                guard error.kind == .answer || error.kind == .missing else { throw error }
            }
        }
        return newest
    }

    /// The number of a snapshot's object; nil for an object that no node wrote.
    static func snapshotNumber(_ name: String) -> UInt64? {
        guard name.hasPrefix(snapshots) else { return nil }
        return LogObject.number(of: LogObject.folder + name.dropFirst(snapshots.count))
    }

    /// Returns the number of the last archived segment, and how many were restored.
    private static func restoreArchives(
        _ bucket: Bucket, _ directory: String, _ most: Int, _ telemetry: Telemetry
    ) async throws(BucketFault) -> (last: UInt64, count: Int) {
        let archives = try await BucketSegments(bucket).archives()
        var (left, count) = (most, 0)
        for archive in archives.reversed() {
            let bytes = archive.files.reduce(0) { $0 +| $1.size }
            guard bytes <= left else { break }
            left -= bytes
            do throws(BucketFault) {
                for file in archive.files {
                    try await bucket.download(
                        file.object, size: file.size, to: "\(directory)/log/\(file.name)")
                }
            } catch {
                // Damaged, or removed meanwhile. It and the older ones stay in the bucket only.
                guard error.kind == .answer || error.kind == .missing else { throw error }
                for file in archive.files {
                    try? FileManager.default.removeItem(atPath: "\(directory)/log/\(file.name)")
                }
                telemetry.emit(ArchiveLeft(segment: archive.number, fault: "\(error)"))
                break
            }
            count += 1
        }
        return (archives.last?.number ?? 0, count)
    }

    // MARK: - With the open log

    /// Appends the lines behind the archives.
    ///
    /// - Parameters:
    ///   - eventLog: The log of the folder; nothing else appends to it before this returns.
    ///   - takesOver: Whether this node continues the log. It then takes over before this returns,
    ///     and has the lines that another node wrote until then.
    public func finish(_ eventLog: EventLog, takesOver: Bool) async throws(ShippingFault) {
        let writer = SharedLog.randomName()
        var record = ShippingRecord(cluster: cluster)
        record.isRestored = false
        if takesOver { record.add(writer: writer) }
        var counts = (bytes: 0, objects: UInt64(0))
        do throws(EventLogError) {
            // Before the copy: the quota may remove what the bucket has.
            if archived > 0 { try await eventLog.noteShipped(archived) }
        } catch { throw .folder("\(error)") }
        await eventLog.goOn(inSegment: archived + 1)
        record.shipped = eventLog.head
        var replica = Replica(
            Replica.Rules(lease: nil), cluster: cluster, node: node, writer: writer,
            next: try await firstObject() ?? 1, now: .zero)
        var isShifted = false
        while true {
            try await log.objects(from: replica.next) { object throws(ShippingFault) in
                replica.saw(object, now: .zero)
                if case .stopped(.broken(let fault)) = replica.role {
                    throw .object(place: log.place(object.number), words: "\(fault)")
                }
                record.next = object.number + 1
                // A segment that the object closed gets no further lines.
                if object.to.segment > archived {
                    await eventLog.goOn(inSegment: object.from.segment)
                }
                if !object.lines.isEmpty, object.from.segment > archived {
                    isShifted = isShifted || eventLog.head != object.from
                    do throws(EventLogError) {
                        _ = try await eventLog.append(copy: object.lines, from: object.from)
                    } catch { throw .folder("the log cannot be restored: \(error)") }
                    counts.bytes +|= object.lines.count
                    counts.objects += 1
                }
            }
            record.shipped = max(record.shipped, eventLog.head)
            guard takesOver, let object = replica.takeOver(at: record.shipped, now: .zero) else {
                break
            }
            // The writer's name is on the disk before its first object.
            try record.save(directory)
            let bytes = try await log.pack(object)
            do throws(BucketFault) {
                _ = try await log.bucket.create(LogObject.name(object.number), bytes)
                record.next = object.number + 1
                break
            } catch {
                guard error.kind == .taken else { throw .bucket(error) }
                // The other node has written meanwhile, and its object is read as well.
                replica.settle(.taken, now: .zero)
            }
        }
        if isShifted {
            // The lines have other positions than in the snapshot, so the state is rebuilt from the
            // log.
            try? FileManager.default.removeItem(atPath: "\(directory)/\(Self.snapshotFile)")
        }
        record.isRestored = true
        try record.save(directory)
        guard archives > 0 || counts.objects > 0 else { return }
        telemetry.emit(
            LogRestored(
                archives: archives, objects: counts.objects, bytes: counts.bytes,
                place: log.bucket.location.url))
    }

    /// Of a store that lists an object later than it returns it.
    private func incompleteListing(_ words: String) -> ShippingFault {
        .bucket(
            BucketFault(
                .answer, place: "LIST \(log.bucket.location.url)/\(LogObject.folder)",
                words: words))
    }

    /// The last object whose lines are in archives, or the oldest one; nil if there is none.
    private func firstObject() async throws(ShippingFault) -> UInt64? {
        guard let oldest = try await log.oldest() else {
            guard hint > 0 || archived > 0 else { return nil }
            // The newest object is never removed. A log that began again beside it, or used its
            // number again, would lose lines.
            throw incompleteListing(
                "the store lists no object of the log, although \(archived > 0 ? "an archive" : "a snapshot") of its lines is there; if all were removed, as by a lifecycle rule, give this node another prefix in bucket.url"
            )
        }
        // Objects are removed in order, so that the one before the oldest is gone.
        if oldest > 1, try await log.exists(oldest &- 1) {
            throw incompleteListing(
                "the store does not list \(LogObject.name(oldest &- 1)), which exists")
        }
        guard archived > 0 else { return oldest }
        let newest = try await log.newest(from: max(oldest, hint))
        let (log, archived) = (log, archived)
        return try await SharedLog.last(in: oldest..<(newest +| 1)) {
            number throws(ShippingFault) in
            try await log.object(number).map { $0.to.segment <= archived } ?? true
        }
    }
}
