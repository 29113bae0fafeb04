import Archives
public import Bucket
import Core
public import EventLog
public import Events
import Replication
import Synchronization
public import Telemetry
import Transfer

/// Copies a node's log to its bucket as its lines are stored.
///
/// The rules are those of `Replica`. Of two nodes that are no pair, the one that starts last
/// continues the log, and the other one stops at its next write. A node of a pair adds the leader's
/// lines to its own log, until the leader has written nothing for the lease. Call `run` once;
/// before it, `FolderRestore` fills an empty folder.
public actor LogShipper {
    /// For the health check.
    public struct Status: Sendable, Equatable {
        public var isLeading = false
        /// The newest object that this node created.
        public var newest: UInt64 = 0
        /// Failed tries in a row.
        public var failures = 0
        public var fault = ""
        /// Whether the last failure was a refusal, which a person has to end.
        public var isRefusal = false
    }

    /// Shared with readers of the status.
    final class StatusBox: Sendable {
        let value = Mutex(Status())
    }

    /// How far the log is in the bucket.
    public nonisolated let mark = ShippingMark()
    nonisolated let state = StatusBox()
    let log: SharedLog
    let eventLog: EventLog
    let directory: String
    private let node: String
    /// The id of the data folder; see `PrefixOwner`.
    private let id: String
    private let delay: Duration
    /// nil for a node without a second one.
    let pair: Pair?
    /// This node's configuration and executable now.
    let version: @Sendable () -> NodeVersion
    let telemetry: Telemetry
    /// It also counts the time that the machine sleeps.
    let clock = ContinuousClock()
    let start = ContinuousClock.now

    /// Where the log ended when it was opened.
    private let opened: LogPosition
    var record: ShippingRecord?
    private var saved: ShippingRecord?
    var replica: Replica?
    /// The object under way, compressed once for all tries.
    private var packed: (object: LogObject, bytes: [UInt8])?
    /// Whether the last object reached the end of the log; if not, the next one does not wait.
    private var isCaughtUp = true
    /// When the store was last found to create an object only once.
    var probedAt: Duration?
    /// The daily probe, while it runs.
    var probe: Task<Void, Never>?
    /// What the daily probe found wrong.
    var conditionFault: String?
    /// Whether the newest object that this folder knows was found in the bucket.
    private var isKnown = false

    /// The most bytes of lines that are read for one object; a last line may go beyond.
    static let batchBytes = 4 << 20
    /// After this many objects, the record is saved.
    private static let objectsPerSave: UInt64 = 32
    private let backoff: RetryPolicy

    /// - Parameters:
    ///   - id: The id of the data folder; see `PrefixOwner`.
    ///   - delay: How long lines may wait for further ones.
    ///   - pair: nil for a node without a second one.
    ///   - version: The node's configuration and executable, which its objects name.
    /// - Throws: If the folder's record of the bucket cannot be read.
    public init(
        _ eventLog: EventLog, bucket: Bucket, id: String, delay: Duration, pair: Pair? = nil,
        version: @escaping @Sendable () -> NodeVersion = { NodeVersion() }, telemetry: Telemetry
    ) async throws(ShippingFault) {
        log = SharedLog(bucket: bucket)
        self.eventLog = eventLog
        directory = eventLog.configuration.directory
        node = eventLog.configuration.node
        self.id = id
        self.delay = delay
        self.pair = pair
        self.version = version
        // A pair's node tries several times within the lease.
        backoff = RetryPolicy(
            initial: .milliseconds(500), factor: 2,
            ceiling: pair.map { min($0.lease / 6, .seconds(15)) } ?? .seconds(15))
        self.telemetry = telemetry
        ObjectShipped.count(objects: 0, bytes: 0, in: telemetry.registry)
        ShipGap(lines: 0).record(in: telemetry.registry)
        opened = eventLog.head
        record = try ShippingRecord.load(directory)
        saved = record
        if let record, record.shipped > opened {
            guard pair != nil else { throw .behind(place: directory) }
            // The folder is an older copy, or its disk lost lines.
            try await beginAnew(lines: 0)
        }
        if let record { mark.set(term: 0, shipped: record.shipped) }
    }

    public nonisolated var status: Status { state.value.withLock { $0 } }

    var now: Duration { start.duration(to: clock.now) }

    func hasLines(after position: LogPosition) async throws(ShippingFault) -> Bool {
        var reader = eventLog.reader(from: position)
        do throws(EventLogError) {
            return try await !reader.next(maxLines: 1).lines.isEmpty
        } catch { throw .folder("\(error)") }
    }

    func save() async throws(ShippingFault) {
        guard let record, record != saved else { return }
        let directory = directory
        try await BlockingExecutor.shipping.run { () throws(ShippingFault) in
            try record.save(directory)
        }
        saved = record
    }

    // MARK: - Running

    /// Copies lines until cancelled.
    ///
    /// - Throws: If another node continues the log, or the bucket's log is not this folder's.
    public func run() async throws(ShippingFault) {
        defer { probe?.cancel() }
        var failures = 0
        var random = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            do throws(ShippingFault) {
                try await step()
                failures = 0
                recover()
            } catch {
                switch error {
                case .overtaken, .diverged, .behind, .otherCluster, .unfinished, .object,
                    .lapsed, .handedOver, .setAside:
                    pair?.leadership.end()
                    mark.end()
                    throw error
                case .undecided, .bucket, .folder: break
                }
                if Task.isCancelled { return }
                failures +|= 1
                note(error, failures: failures)
                telemetry.emit(ShipFailed(fault: "\(error)", failures: failures))
                let pause = backoff.delay(after: failures, using: &random)
                try? await Task.sleep(for: pause)
            }
        }
    }

    private func note(_ error: ShippingFault, failures: Int) {
        var isRefusal = false
        if case .bucket(let fault) = error {
            isRefusal = fault.kind != .busy && fault.kind != .unreachable
        }
        state.value.withLock { status in
            (status.failures, status.fault) = (failures, "\(error)")
            status.isRefusal = isRefusal
        }
    }

    private func step() async throws(ShippingFault) {
        if record == nil { try await adopt() }
        if replica == nil { begin() }
        replica?.check(now)
        replica?.version = version()
        switch replica?.role {
        case .following:
            try await checkOther()
            try await checkStore()
            try await follow()
            if let pair, replica?.role == .following {
                try? await Task.sleep(for: pair.poll)
            }
        case .leading:
            if let object = replica?.pending {
                try await create(object)
            } else {
                await lines(after: record?.shipped ?? .start, within: untilBeat)
                if Task.isCancelled { return }
                if isCaughtUp { await mark.collect(for: Self.pause(delay, untilBeat: untilBeat)) }
                try await ship()
                if let object = beat() { try await create(object) }
                try await checkStore()
            }
        case .stopped(.lapsed): try await lapse()
        case .stopped(.handedOver): throw .handedOver
        case .stopped, nil: throw .overtaken(by: try await overtaker())
        }
    }

    /// Claims the prefix for a folder whose log was never in a bucket; throws if it has a log.
    private func adopt() async throws(ShippingFault) {
        let owner: PrefixOwner?
        do throws(BucketFault) {
            owner = try await PrefixOwner.claim(
                log.bucket, id: id, node: node, now: WallClock.system.now)
        } catch { throw .bucket(error) }
        guard owner == nil, try await log.oldest() == nil else {
            throw .otherCluster(place: directory)
        }
        record = ShippingRecord(cluster: id)
        try await save()
    }

    /// Begins a new life, with a new writer's name, as a follower.
    private func begin() {
        guard var record else { return }
        let writer = SharedLog.randomName()
        replica = Replica(
            Replica.Rules(lease: pair?.lease), cluster: record.cluster,
            node: pair?.advertise ?? node, writer: writer, earlier: Set(record.writers),
            next: max(1, record.next &- 1), now: now)
        record.add(writer: writer)
        self.record = record
    }

    // MARK: - Following

    /// Records the next object of the bucket's log; a node of a pair also stores its lines.
    private func take(_ object: LogObject) async throws(ShippingFault) {
        guard var record else { return }
        var seen = replica
        seen?.saw(object, now: now)
        if case .stopped(.broken(let fault))? = seen?.role {
            if case .otherCluster = fault { throw .otherCluster(place: directory) }
            throw .object(place: log.place(object.number), words: "\(fault)")
        }
        // The newest known object was read again to learn its writer.
        guard object.number >= record.next else {
            replica?.saw(object, now: now)
            return
        }
        if pair != nil {
            let end = try await add(object)
            record.shipped = max(record.shipped, end)
        } else if replica?.isOwn(object.writer) == true {
            // An older copy of this folder: its positions are used by other lines in the bucket.
            guard object.to <= opened else { throw .behind(place: directory) }
            record.shipped = max(record.shipped, object.to)
        } else if !object.lines.isEmpty || object.to.segment > record.shipped.segment {
            // Another node has added lines, or closed a segment to which this one has added some.
            throw .diverged(place: directory)
        }
        record.next = object.number + 1
        self.record = record
        // Not earlier: an object that could not be stored is read again before the next one.
        replica?.saw(object, now: now)
        if object.number % Self.objectsPerSave == 0 { try await save() }
    }

    private func follow() async throws(ShippingFault) {
        try await checkNewest()
        try await log.objects(from: replica?.next ?? 1) { object throws(ShippingFault) in
            try await self.take(object)
        }
        if pair != nil {
            noteLeader()
            try await checkLeader()
            isCaughtUp = true
        }
        if replica?.isTakeoverDue(now) == true {
            // This process may have been stopped for days since the last check.
            isKnown = false
            try await checkNewest()
        }
        guard var replica, let record else { return }
        if pair == nil { try await keepKey() }
        // The name of each life is on the disk before its first write.
        if pair == nil || saved?.writers != record.writers || replica.isTakeoverDue(now) {
            try await save()
        }
        let object = replica.pending ?? replica.takeOver(at: record.shipped, now: now)
        self.replica = replica
        if pair != nil { mark.set(term: replica.term, shipped: record.shipped) }
        guard let object else { return }
        try await create(object)
        guard self.replica?.role == .leading else { return }
        telemetry.emit(LogTakenOver(number: object.number, term: object.term))
        state.value.withLock { $0.isLeading = true }
    }

    /// Checks that the newest object that this folder knows is in the bucket. If it was removed, as
    /// objects are after some days, others have continued the log and their objects may be removed,
    /// too: a number that was used must not be used again.
    private func checkNewest() async throws(ShippingFault) {
        guard !isKnown, let record else { return }
        if record.next > 1 {
            guard try await log.object(record.next - 1) != nil else { try await diverged() }
        } else if let oldest = try await log.oldest(), oldest > 1 {
            try await diverged()
        }
        isKnown = true
    }

    // MARK: - Leading

    /// Writes the next lines of one segment, if there are any.
    func ship() async throws(ShippingFault) {
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
        isCaughtUp = true
        guard let piece = LogPiece(batch.lines) else {
            let end = max(record.shipped, batch.end)
            if record.shipped.segment > 0, end.segment > record.shipped.segment {
                // A segment was closed. An object says so before its archive may be copied: a node
                // that was overtaken finds out here, and the node that continues the log adds nothing
                // to the segment.
                if let object = replica?.write(.beat, from: end, to: end, now: now) {
                    try await create(object)
                }
                return
            }
            self.record?.shipped = end
            mark.set(term: replica?.term ?? 0, shipped: end)
            return
        }
        isCaughtUp = batch.isCaughtUp && piece.to == batch.lines.last?.end
        let object = replica?.write(
            .data, from: piece.from, to: piece.to, lines: piece.text, now: now)
        if let object { try await create(object) }
    }

    /// Creates the pending object.
    func create(_ object: LogObject) async throws(ShippingFault) {
        // The previous life may have packed another object with this number.
        if packed?.object != object { packed = (object, try await log.pack(object)) }
        let (bucket, bytes) = (log.bucket, packed?.bytes ?? [])
        do throws(BucketFault) {
            // A store that hangs must not hold a leader beyond its lease.
            try await SharedLog.within(untilLapse, of: LogObject.name(object.number)) {
                () throws(BucketFault) in
                _ = try await bucket.create(
                    LogObject.name(object.number), bytes, isUrgent: true)
            }
        } catch {
            guard error.kind == .taken else { throw .bucket(error) }
            packed = nil
            replica?.settle(.taken, now: now)
            if replica?.role == .stopped(.overtaken) { pair?.leadership.end() }
            return
        }
        packed = nil
        replica?.settle(.stands, now: now)
        noteLease()
        record?.next = object.number + 1
        record?.shipped = object.to
        recover()
        state.value.withLock { $0.newest = object.number }
        mark.set(term: object.term, shipped: object.to)
        telemetry.emit(ObjectShipped(number: object.number, bytes: object.lines.count))
        if object.number % Self.objectsPerSave == 0 { try await save() }
    }

    private func overtaker() async throws(ShippingFault) -> String {
        try await log.object(replica?.next ?? 1)?.node ?? ""
    }

    /// Whether every line of a closed segment is in the bucket's log.
    ///
    /// Only then may its archive be copied: a restored folder takes an archive to be complete, and
    /// only later lines from the log.
    public nonisolated func hasShipped(segment number: UInt64) -> Bool {
        let shipped = mark.value.shipped
        return number < shipped.segment || eventLog.head <= shipped
    }
}
