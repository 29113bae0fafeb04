import Archives
import Bucket
import Core
import EventLog
public import Events
import Replication
import Synchronization
import Telemetry

/// Snapshots of the state file, removal of old objects, and the last copy at a stop.
extension LogShipper {
    /// Records that the bucket answers. A follower, which creates no object, calls it, too.
    func recover() {
        let failures = state.value.withLock { status in
            defer { (status.failures, status.fault, status.isRefusal) = (0, "", false) }
            return status.failures
        }
        if failures > 0 { telemetry.emit(ShipRecovered(failures: failures)) }
    }

    /// Keeps the key with which this node's own lines are sealed, for a folder that is restored.
    func keepKey() async throws(ShippingFault) {
        let directory = directory
        guard let key = await BlockingExecutor.shipping.run({ SealKey.copy(of: directory) }) else {
            return
        }
        do throws(BucketFault) {
            if try await log.bucket.present(FolderRestore.key) != key {
                try await log.bucket.put(FolderRestore.key, key)
            }
        } catch { throw .bucket(error) }
    }

    /// Copies a snapshot of the state file, once the lines that it holds are in the bucket; a
    /// restored folder then has to apply only what came after it.
    ///
    /// - Parameter head: The end of the log when the snapshot had been made.
    public func keep(
        snapshot path: String, size: Int, head: LogPosition
    ) async throws(ShippingFault) {
        guard let record, replica?.role == .leading, mark.value.shipped >= head else { return }
        do throws(BucketFault) {
            try await log.bucket.upload(
                FolderRestore.snapshot(record.next - 1), from: path, size: size)
            let held = try await log.bucket.list(FolderRestore.snapshots).map(\.name)
                .filter { FolderRestore.snapshotNumber($0) != nil }
            for name in held.dropLast(2) { try await log.bucket.remove(name) }
        } catch { throw .bucket(error) }
    }

    /// Removes objects of the log that are older than `age` and whose lines are in archives in the
    /// bucket. The newest object stays.
    public func removeObjects(olderThan age: Duration) async throws(ShippingFault) {
        let log = log
        guard let record, replica?.role == .leading, record.next > 2, eventLog.shipped > 0,
            let oldest = try await log.oldest(), oldest < record.next - 1,
            let first = try await log.object(oldest)
        else { return }
        let archived = try await lastArchived(from: first.to.segment)
        guard archived > 0 else { return }
        func isOld(_ number: UInt64) async throws(ShippingFault) -> Bool {
            do throws(BucketFault) {
                guard let written = try await log.bucket.written(LogObject.name(number)),
                    WallClock.system.now - written >= age
                else { return false }
            } catch { throw .bucket(error) }
            guard let object = try await log.object(number) else { return false }
            return object.to.segment <= archived
        }
        guard try await isOld(oldest) else { return }
        let last = try await SharedLog.last(in: oldest..<(record.next - 1), isOld)
        do throws(BucketFault) {
            // In order, so that an interruption leaves no gap.
            for number in oldest...last { try await log.bucket.remove(LogObject.name(number)) }
        } catch { throw .bucket(error) }
        telemetry.emit(OldObjectsRemoved(objects: last - oldest + 1))
    }

    /// The last segment up to which every one from `first` on has an archive in the bucket: lines of
    /// a segment without one are in the log's objects alone.
    private func lastArchived(from first: UInt64) async throws(ShippingFault) -> UInt64 {
        let archives: [BucketSegments.Stored]
        do throws(BucketFault) { archives = try await BucketSegments(log.bucket).archives() } catch
        {
            throw .bucket(error)
        }
        guard let lowest = archives.first?.number else { return 0 }
        let numbers = Set(archives.map(\.number))
        var next = max(lowest, first, 1)
        while next <= eventLog.shipped, numbers.contains(next) { next += 1 }
        return next - 1
    }

    /// Copies the remaining lines, for at most `limit`. Call it when `run` has returned.
    public func finish(within limit: Duration) async {
        let deadline = clock.now + limit
        let work = Task {
            while !Task.isCancelled, replica?.role == .leading {
                if let object = replica?.pending {
                    try await create(object)
                } else if let record, try await hasLines(after: record.shipped) {
                    try await ship()
                } else {
                    try await farewell()
                    break
                }
            }
        }
        let timer = Task {
            try await Task.sleep(until: deadline, clock: clock)
            work.cancel()
        }
        _ = try? await work.value
        timer.cancel()
        try? await save()
    }
}
