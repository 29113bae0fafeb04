import Bucket
import Core
import EventLog
import Events
import Logging
import Replication
public import Telemetry

extension LogShipper {
    /// The other node of a pair, and the rules between both.
    public struct Pair: Sendable {
        /// How long the other node waits for an object before it takes over.
        public var lease: Duration
        /// This node's own address, which its objects carry.
        public var advertise: String
        public var leadership: Leadership
        /// Whether to continue without the bucket while no other node leads.
        public var goesOnAlone: Bool
        /// Whether the other node answers that it leads.
        public var otherLeads: @Sendable () async -> Bool

        public init(
            lease: Duration, advertise: String, leadership: Leadership, goesOnAlone: Bool,
            otherLeads: @escaping @Sendable () async -> Bool
        ) {
            self.lease = lease
            self.advertise = advertise
            self.leadership = leadership
            self.goesOnAlone = goesOnAlone
            self.otherLeads = otherLeads
        }

        /// Shows the counters of a pair from the start.
        public static func declare(in registry: PrometheusRegistry) {
            WentOnAlone.count(0, in: registry)
            OrphansTaken.count(0, in: registry)
        }

        /// The time between two reads of a follower for the next object.
        var poll: Duration { min(lease / 10, .milliseconds(500)) }
    }

    // MARK: - Following

    /// Adds the lines of an object to this node's log, at the positions that they have in the
    /// leader's. Returns the position up to which this log then has the bucket's lines.
    ///
    /// Lines that this log has already are compared: those of an earlier life may differ from the
    /// leader's.
    func add(_ object: LogObject) async throws(ShippingFault) -> LogPosition {
        if object.lines.isEmpty || object.from.segment > eventLog.head.segment {
            // A closed segment gets no further lines.
            await eventLog.goOn(inSegment: object.from.segment)
        }
        guard !object.lines.isEmpty else { return min(object.to, eventLog.head) }
        let head = eventLog.head
        var rest = object.lines
        var from = object.from
        if object.from < head {
            // The segment was removed from this disk, so an archive in the bucket had it.
            guard object.to.segment >= eventLog.status.oldestSegment else { return object.to }
            let known = try await piece(after: object.from)
            guard let known, known.from == object.from,
                known.text.elementsEqual(object.lines.prefix(known.text.count))
                    || object.lines.elementsEqual(known.text.prefix(object.lines.count)),
                known.text.count >= object.lines.count || known.to == head
            else { try await setAside(after: object.from) }
            guard known.text.count < object.lines.count else { return object.to }
            rest.removeFirst(known.text.count)
            from = known.to
        }
        do throws(EventLogError) {
            _ = try await eventLog.append(copy: rest, from: from)
        } catch { throw .folder("the leader's lines cannot be stored: \(error)") }
        return eventLog.head
    }

    /// The lines of this log after a position, up to the end of its segment.
    private func piece(after position: LogPosition) async throws(ShippingFault) -> LogPiece? {
        var reader = eventLog.reader(from: position)
        do throws(EventLogError) {
            return LogPiece(
                try await reader.next(maxLines: .max, maxBytes: LogObject.largest).lines)
        } catch { throw .folder("the log cannot be read: \(error)") }
    }

    /// Notes which node this one follows, and reports once what differs between the two: verdicts
    /// and messages would change when this node takes over.
    func noteLeader() {
        guard let pair, let replica else { return }
        let isOther = replica.leader.map { !replica.isOwn($0.writer) } ?? false
        let found = isOther ? replica.version.differences(from: replica.leaderVersion) : []
        if found != pair.leadership.status.differences, !found.isEmpty {
            telemetry.emit(
                LeaderDiffers(leader: replica.leader?.node ?? "", differences: found))
        }
        pair.leadership.follow(
            replica.leader?.node ?? "", term: replica.term, differences: found)
    }

    /// When all objects are read: if another node leads, this log has no lines beyond them, and
    /// this node does not continue alone.
    func checkLeader() async throws(ShippingFault) {
        guard let pair, let record, let replica, let leader = replica.leader,
            !replica.isOwn(leader.writer)
        else { return }
        if eventLog.head > record.shipped { try await setAside(after: record.shipped) }
        if pair.leadership.status.role == .alone { throw .overtaken(by: leader.node) }
    }

    /// Ends this life because the folder differs from the bucket's log.
    func diverged() async throws(ShippingFault) -> Never {
        guard pair != nil, let record else { throw .diverged(place: directory) }
        try await setAside(after: record.shipped)
    }

    /// Writes the lines after a position to the bucket, from where the leader adds them to its log,
    /// and makes the next start restore this folder.
    private func setAside(after position: LogPosition) async throws(ShippingFault) -> Never {
        var reader = eventLog.reader(from: position)
        var lines = 0
        var number = 0
        let name = SharedLog.randomName()
        while true {
            let batch: EventLogBatch
            do throws(EventLogError) {
                batch = try await reader.next(maxLines: .max, maxBytes: Self.batchBytes)
            } catch { throw .folder("the log cannot be read: \(error)") }
            guard !batch.lines.isEmpty else { break }
            let text = batch.lines.flatMap { $0.bytes + [UInt8(ascii: "\n")] }
            let packed = try await log.pack(text: text)
            do throws(BucketFault) {
                try await log.bucket.put(OrphanedLines.object(name, number), packed)
            } catch { throw .bucket(error) }
            lines +|= batch.lines.count
            number += 1
        }
        try await beginAnew(lines: lines)
    }

    /// Makes the next start restore this folder.
    func beginAnew(lines: Int) async throws(ShippingFault) -> Never {
        record?.isRestored = false
        try await save()
        throw .setAside(lines: lines)
    }

    /// Checks at the start and once a day that the store creates an object only once; otherwise both
    /// nodes of a pair could lead.
    func checkStore() async throws(ShippingFault) {
        guard pair != nil else { return }
        if probedAt == nil {
            // Before the first write.
            do throws(BucketFault) { conditionFault = try await probeCondition() } catch {
                throw .bucket(error)
            }
            probedAt = now
        }
        if let conditionFault {
            throw .object(place: log.bucket.location.url, words: conditionFault)
        }
        guard let probedAt, now - probedAt >= .seconds(86_400), probe == nil else { return }
        // Beside the log: a probe without an answer delays neither lines nor the next object.
        probe = Task { await self.probeAgain() }
    }

    private func probeAgain() async {
        do throws(BucketFault) {
            conditionFault = try await probeCondition()
            probedAt = now
        } catch {
            // Again in an hour.
            probedAt = now - .seconds(82_800)
        }
        probe = nil
    }

    private func probeCondition() async throws(BucketFault) -> String? {
        let bucket = log.bucket
        return try await SharedLog.within(.seconds(60), of: "probe/") {
            () throws(BucketFault) -> String? in
            try await BucketProbe(bucket).conditionFault()
        }
    }

    // MARK: - Leading

    /// The time until the leader must write an object; nil without a pair.
    var untilBeat: Duration? {
        guard pair != nil, let replica, let until = replica.actsUntil,
            let beat = replica.rules.beat, let acting = replica.rules.acting
        else { return nil }
        return max(until - acting + beat - now, .zero)
    }

    /// How long lines wait for further ones: `bucket.ship`, and not beyond the time at which the
    /// leader writes anyway.
    static func pause(_ delay: Duration, untilBeat: Duration?) -> Duration {
        min(delay, untilBeat ?? delay)
    }

    /// The time until the lease runs out; nil without one.
    var untilLapse: Duration? {
        replica?.actsUntil.map { max($0 - now, .milliseconds(1)) } ?? pair.map(\.lease)
    }

    /// Waits for lines, at most this long.
    func lines(after position: LogPosition, within limit: Duration?) async {
        guard let limit else { return await eventLog.waitForLines(after: position) }
        let eventLog = eventLog
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await eventLog.waitForLines(after: position) }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }

    /// The object that shows that the leader is alive, if one is due.
    func beat() -> LogObject? {
        guard let record, replica?.isBeatDue(now) == true else { return nil }
        return replica?.write(.beat, from: record.shipped, to: record.shipped, now: now)
    }

    /// Sets, for the node's other parts, until when they may act.
    func noteLease() {
        guard let pair, let replica else { return }
        guard replica.role == .leading, let until = replica.actsUntil else {
            if case .stopped = replica.role { pair.leadership.end() }
            return
        }
        eventLog.takeLines()
        pair.leadership.lead(pair.advertise, term: replica.term, until: start + until)
    }

    /// The lease ran out. A node that goes on alone begins a new life, which tries to lead again:
    /// its lines get into the bucket unless the other node has taken over meanwhile.
    func lapse() async throws(ShippingFault) {
        guard let pair, pair.goesOnAlone, await isBucketAway(), !(await pair.otherLeads())
        else { throw .lapsed }
        pair.leadership.goOnAlone()
        telemetry.emit(WentOnAlone())
        replica = nil
    }

    /// Whether the bucket does not answer. A lease also runs out while this process is stopped.
    private func isBucketAway() async -> Bool {
        let (bucket, name) = (log.bucket, LogObject.name(replica?.next ?? 1))
        do throws(BucketFault) {
            try await SharedLog.within(.seconds(2), of: name) { () throws(BucketFault) in
                _ = try await bucket.size(name)
            }
            return false
        } catch { return true }
    }

    /// Ends this life if this node continues alone and the other one leads.
    func checkOther() async throws(ShippingFault) {
        guard let pair, pair.leadership.status.role == .alone, await pair.otherLeads() else {
            return
        }
        throw .lapsed
    }

    /// Writes the object after which the other node takes over at once; this node no longer acts.
    func farewell() async throws(ShippingFault) {
        guard let pair, let record,
            let object = replica?.write(
                .farewell, from: record.shipped, to: record.shipped, now: now)
        else { return }
        pair.leadership.end()
        try await create(object)
        telemetry.emit(HandedOver(term: object.term))
    }
}

/// The bucket has not answered for the lease, and this node continues without it.
struct WentOnAlone: CountedEvent {
    var level: Logger.Level { .error }
    var message: String {
        "the bucket has not answered for ha.lease and the other node does not lead: this node goes on alone, and the other one may report the same failures"
    }

    static let counter = (
        name: "bellwether_ha_alone_total",
        help: "Times that this node went on although the bucket did not answer."
    )
}

/// This node follows one with another configuration or executable.
struct LeaderDiffers: TelemetryEvent {
    let leader: String
    let differences: [NodeVersion.Part]
    // While one node after the other is upgraded, only the executables differ.
    var level: Logger.Level { differences.contains(.policy) ? .warning : .notice }
    var message: String {
        "this node has another configuration or executable than the leader; its verdicts and messages change when it takes over"
    }
    var fields: [(String, String)] {
        [
            ("leader", leader),
            ("differs", differences.map(\.rawValue).joined(separator: ", ")),
        ]
    }
}

/// The other node may take over at once.
struct HandedOver: TelemetryEvent {
    let term: UInt64
    var level: Logger.Level { .notice }
    var message: String { "this node has handed over to the other one" }
    var fields: [(String, String)] { [("term", "\(term)")] }
}
