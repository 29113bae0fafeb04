public import Bucket
import Core
public import EventLog
import Events
import Replication
import Synchronization
public import Telemetry
import Transfer

/// Copies a node's log to its bucket, and restores an empty folder from there.
///
/// The rules are those of `Replica` for a node without a peer: the node that starts last continues
/// the log, and any other one stops at its next write. Call `run` once.
public actor LogShipper {
    /// For the health check.
    public struct Status: Sendable, Equatable {
        public var isLeading = false
        /// Failed tries in a row.
        public var failures = 0
        public var fault = ""
    }

    /// Shared with readers of the status.
    private final class StatusBox: Sendable {
        let value = Mutex(Status())
    }

    /// How far the log is in the bucket.
    public nonisolated let mark = ShippingMark()
    private nonisolated let state = StatusBox()
    private let log: SharedLog
    private let eventLog: EventLog
    private let directory: String
    private let node: String
    private let delay: Duration
    private let telemetry: Telemetry
    /// Also runs while the machine sleeps.
    private let clock = ContinuousClock()
    private let start = ContinuousClock.now

    private var record: ShippingRecord?
    private var saved: ShippingRecord?
    private var replica: Replica?

    /// The most bytes of lines that are read for one object; a last line may go beyond.
    private static let batchBytes = 4 << 20
    /// After this many objects, the record is saved.
    private static let objectsPerSave: UInt64 = 32
    private static let backoff = RetryPolicy(
        initial: .milliseconds(500), factor: 2, ceiling: .seconds(15))

    /// Restores the log if it has no lines and the bucket has; then `run` continues it.
    ///
    /// - Parameters:
    ///   - eventLog: Nothing else appends to it before this returns.
    ///   - delay: How long lines may wait for further ones.
    /// - Throws: For an empty log also if the bucket cannot be reached, since it may hold lines.
    public init(
        _ eventLog: EventLog, bucket: Bucket, delay: Duration, telemetry: Telemetry
    ) async throws(ShippingFault) {
        log = SharedLog(bucket: bucket)
        self.eventLog = eventLog
        directory = eventLog.configuration.directory
        node = eventLog.configuration.node
        self.delay = delay
        self.telemetry = telemetry
        ObjectShipped.count(objects: 0, bytes: 0, in: telemetry.registry)
        record = try ShippingRecord.load(directory)
        saved = record
        if record == nil, try await !hasLines(after: .start) { try await restore() }
        if record?.isRestored == false { try await restore() }
        if let record { mark.set(term: 0, shipped: record.shipped) }
    }

    public nonisolated var status: Status { state.value.withLock { $0 } }

    /// Ends a restore without `run`: the next start reads the objects that came meanwhile.
    public func leave() throws(ShippingFault) {
        record?.isRestored = false
        try save()
    }

    private var now: Duration { start.duration(to: clock.now) }

    // MARK: - Restoring

    private func restore() async throws(ShippingFault) {
        if record == nil {
            record = ShippingRecord(cluster: try await cluster())
            record?.isRestored = false
            try save()
        }
        begin()
        var bytes = 0
        let first = record?.next ?? 1
        try await log.objects(from: replica?.next ?? 1) { object throws(ShippingFault) in
            bytes += object.lines.count
            try await self.take(object)
        }
        record?.isRestored = true
        try save()
        guard bytes > 0, let next = record?.next else { return }
        telemetry.emit(
            LogRestored(
                objects: next - first, bytes: bytes, place: log.bucket.location.url))
    }

    private func cluster() async throws(ShippingFault) -> String {
        if let id = try await log.cluster() { return id }
        return try await log.makeCluster()
    }

    private func hasLines(after position: LogPosition) async throws(ShippingFault) -> Bool {
        var reader = eventLog.reader(from: position)
        do throws(EventLogError) {
            return try await !reader.next(maxLines: 1).lines.isEmpty
        } catch { throw .folder("\(error)") }
    }

    /// Begins a life as a follower.
    private func begin() {
        guard var record else { return }
        let writer = SharedLog.randomName()
        replica = Replica(
            Replica.Rules(lease: nil), cluster: record.cluster, node: node, writer: writer,
            earlier: Set(record.writers), next: max(1, record.next &- 1), now: now)
        record.add(writer: writer)
        self.record = record
    }

    /// Takes the next object of the log.
    private func take(_ object: LogObject) async throws(ShippingFault) {
        guard var record else { return }
        replica?.saw(object, now: now)
        if case .stopped(.broken(let fault))? = replica?.role {
            if case .otherCluster = fault { throw .otherCluster(place: directory) }
            throw .object(place: log.place(object.number), words: "\(fault)")
        }
        // The newest known object was read again to learn its writer.
        guard object.number >= record.next else { return }
        if replica?.isOwn(object.writer) == true {
            record.shipped = max(record.shipped, object.to)
        } else if !object.lines.isEmpty {
            record.shipped = try await apply(object.lines, after: record.shipped)
        }
        record.next = object.number + 1
        self.record = record
        if object.number % Self.objectsPerSave == 0 { try save() }
    }

    /// Appends lines of the bucket that follow a position of this log. Returns the position after
    /// them.
    private func apply(
        _ lines: [UInt8], after position: LogPosition
    ) async throws(ShippingFault) -> LogPosition {
        var reader = eventLog.reader(from: position)
        var held: [UInt8] = []
        do throws(EventLogError) {
            while held.count < lines.count {
                let batch = try await reader.next(maxBytes: lines.count - held.count)
                for line in batch.lines { held += line.bytes + [UInt8(ascii: "\n")] }
                if batch.isCaughtUp { break }
            }
            // They were applied before the record was saved.
            if held == lines { return reader.position }
            if held.isEmpty { return try await eventLog.append(copy: lines) }
        } catch { throw .folder("the log cannot be restored: \(error)") }
        throw .diverged(place: directory)
    }

    private func save() throws(ShippingFault) {
        guard let record, record != saved else { return }
        try record.save(directory)
        saved = record
    }

    // MARK: - Shipping

    /// Copies lines until cancelled.
    ///
    /// - Throws: If another node continues the log, or the bucket's log is not this folder's.
    public func run() async throws(ShippingFault) {
        var failures = 0
        var random = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            do throws(ShippingFault) {
                try await step()
                failures = 0
            } catch {
                switch error {
                case .overtaken, .diverged, .otherCluster, .object: throw error
                case .bucket, .folder: break
                }
                if Task.isCancelled { return }
                failures += 1
                let count = failures
                state.value.withLock { ($0.failures, $0.fault) = (count, "\(error)") }
                telemetry.emit(ShipFailed(fault: "\(error)", failures: failures))
                let pause = Self.backoff.delay(after: failures, using: &random)
                try? await Task.sleep(for: pause)
            }
        }
    }

    private func step() async throws(ShippingFault) {
        if record == nil { try await adopt() }
        if replica == nil { begin() }
        switch replica?.role {
        case .following: try await follow()
        case .leading:
            if let object = replica?.pending {
                try await create(object)
            } else {
                await eventLog.waitForLines(after: record?.shipped ?? .start)
                if Task.isCancelled { return }
                await mark.collect(for: delay)
                try await ship()
            }
        case .stopped, nil: throw .overtaken(by: try await overtaker())
        }
    }

    /// A folder with lines that never had a bucket: the bucket must not have a log either.
    private func adopt() async throws(ShippingFault) {
        let cluster = try await cluster()
        guard try await log.object(1) == nil else { throw .otherCluster(place: directory) }
        record = ShippingRecord(cluster: cluster)
        try save()
    }

    private func follow() async throws(ShippingFault) {
        try await log.objects(from: replica?.next ?? 1) { object throws(ShippingFault) in
            try await self.take(object)
        }
        guard var replica, let record else { return }
        // The names of all lives are on the disk before the first write of each.
        try save()
        let object = replica.pending ?? replica.takeOver(at: record.shipped, now: now)
        self.replica = replica
        guard let object else { return }
        try await create(object)
        guard self.replica?.role == .leading else { return }
        telemetry.emit(LogTakenOver(number: object.number, term: object.term))
        state.value.withLock { $0.isLeading = true }
    }

    /// Writes the next lines, if there are any.
    private func ship() async throws(ShippingFault) {
        guard let record else { return }
        var reader = eventLog.reader(from: record.shipped)
        let batch: EventLogBatch
        do throws(EventLogError) {
            batch = try await reader.next(maxLines: .max, maxBytes: Self.batchBytes)
            if batch.skipped > 0 {
                telemetry.emit(ShipGap(lines: batch.skipped))
                _ = try await eventLog.appendGap(
                    lines: batch.skipped, cursor: "bucket", at: WallClock.system.now)
            }
        } catch { throw .folder("the log cannot be read: \(error)") }
        guard !batch.lines.isEmpty else {
            self.record?.shipped = batch.end
            return
        }
        var lines: [UInt8] = []
        for line in batch.lines {
            lines += line.bytes
            lines.append(UInt8(ascii: "\n"))
        }
        let object = replica?.write(
            .data, from: record.shipped, to: batch.end, lines: lines, now: now)
        if let object { try await create(object) }
    }

    /// Creates the pending object.
    private func create(_ object: LogObject) async throws(ShippingFault) {
        guard let bytes = PackedText.pack(object.text) else {
            throw .folder("there is too little memory to compress an object of the log")
        }
        do throws(BucketFault) {
            _ = try await log.bucket.create(LogObject.name(object.number), bytes)
        } catch {
            guard error.kind == .taken else { throw .bucket(error) }
            replica?.settle(.taken, now: now)
            return
        }
        replica?.settle(.stands, now: now)
        record?.next = object.number + 1
        record?.shipped = object.to
        state.value.withLock { ($0.failures, $0.fault) = (0, "") }
        mark.set(term: object.term, shipped: object.to)
        telemetry.emit(ObjectShipped(number: object.number, bytes: object.lines.count))
        if object.number % Self.objectsPerSave == 0 { try save() }
    }

    private func overtaker() async throws(ShippingFault) -> String {
        try await log.object(replica?.next ?? 1)?.node ?? ""
    }

    /// Copies the lines that are left, for at most `limit`. Call it when `run` has returned.
    public func finish(within limit: Duration) async {
        let deadline = clock.now + limit
        let work = Task {
            while !Task.isCancelled, replica?.role == .leading {
                if let object = replica?.pending {
                    try await create(object)
                } else if let record, try await hasLines(after: record.shipped) {
                    try await ship()
                } else {
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
        try? save()
    }
}
