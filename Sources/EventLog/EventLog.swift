import Core
public import Events
import JSON
import Synchronization
public import Telemetry

/// The event log of one node. Its lines are ordered and deduplicated.
///
/// All appends go through one writer thread. It writes the waiting requests as one group, syncs
/// once if `durability` is `.commit`, and then answers all of them. Thread-safe. Call `close`
/// when done: the threads keep the log alive.
public final class EventLog: Sendable {
    public let configuration: EventLogConfiguration
    /// Identifies this opening of the log in the node's own events.
    public let epoch: String

    let queue: AppendQueue
    let writer: Mutex<SegmentWriter>
    let state: LogState
    let usage: DiskUsage
    private let sealer: Sealer
    let view: OwnView
    /// The log with the archives of a store; nil without one.
    let wider = Mutex<EventLogFiles?>(nil)
    private let lock: EventLogLock
    let quarantine: Quarantine
    let seal: LineSeal
    let ownNode: Hash128
    private let telemetry: Telemetry
    let clock: WallClock
    let sequence = Mutex<UInt64>(0)
    private let answers: AppendAnswers
    /// When the log last reported its own trouble; used by the writer thread.
    let reported = Mutex(ReportTimes())

    // MARK: - Life

    /// Opens the log below `configuration.directory`, and creates it if there is none.
    ///
    /// Finishes what a crash interrupted, truncates a torn tail, and restores the deduplication
    /// index. Throws `.locked` while another process or instance has the log open.
    public static func open(
        _ configuration: EventLogConfiguration, clock: WallClock = .system,
        telemetry: Telemetry = .silent, monotonic: any Clock<Duration> = ContinuousClock()
    ) async throws(EventLogError) -> EventLog {
        try await open(
            configuration, clock: clock, telemetry: telemetry, files: PosixFileSystem(),
            monotonic: monotonic)
    }

    /// As `open`, with an `examine` hook that lets tests end the process while a line is read.
    package static func open(
        _ configuration: EventLogConfiguration, telemetry: Telemetry, examine: LineExamination?
    ) async throws(EventLogError) -> EventLog {
        try await open(
            configuration, clock: .system, telemetry: telemetry, files: PosixFileSystem(),
            examine: examine)
    }

    static func open(
        _ configuration: EventLogConfiguration, clock: WallClock, telemetry: Telemetry,
        files: any LogFileSystem, examine: LineExamination? = nil,
        monotonic: any Clock<Duration> = ContinuousClock()
    ) async throws(EventLogError) -> EventLog {
        try configuration.check()
        return try await BlockingExecutor.log.run { () throws(EventLogError) in
            do throws(SystemFault) { try files.makeFolder(configuration.directory) } catch {
                throw error.eventLogError
            }
            let lock = try EventLogLock(directory: configuration.directory)
            do throws(SystemFault) {
                return try EventLog(
                    configuration, clock: clock, telemetry: telemetry, files: files, lock: lock,
                    examine: examine, monotonic: monotonic)
            } catch {
                lock.release()
                throw error.eventLogError
            }
        }
    }

    private init(
        _ configuration: EventLogConfiguration, clock: WallClock, telemetry: Telemetry,
        files: any LogFileSystem, lock: EventLogLock, examine: LineExamination?,
        monotonic: any Clock<Duration>
    ) throws(SystemFault) {
        let begun = ContinuousClock.now
        EventLogCounters.declare(in: telemetry.registry)
        let folder = LogFolder(below: configuration.directory, files: files)
        try files.makeFolder(folder.path)
        try files.syncFolder(configuration.directory)
        let quarantine = Quarantine(
            below: configuration.directory, node: configuration.node, clock: clock,
            telemetry: telemetry, examine: examine)
        let queries = quarantine.queryGuard(of: .query)
        let recovery = try Recovery(
            folder, configuration: configuration, now: clock.now,
            lines: quarantine.lineGuard(of: .recovery), queries: queries, telemetry: telemetry)
        quarantine.forget(
            before: recovery.archives.first?.name.number ?? recovery.closed.first?.name.number
                ?? recovery.number)

        let head =
            recovery.active?.head ?? LogPosition(segment: recovery.number, offset: 0)
        let state = LogState(head: head)
        let usage = DiskUsage(allowance: configuration.sideBytes)
        let sealer = Sealer(
            folder: folder, usage: usage, state: state,
            lines: quarantine.lineGuard(of: .sealing), telemetry: telemetry)
        let keeper = try QuotaKeeper(
            folder: folder, usage: usage, state: state, configuration: configuration,
            telemetry: telemetry, newest: recovery.newestAt, now: clock.now, monotonic: monotonic)
        let answers = AppendAnswers()
        for damage in recovery.missing {
            state.report { $0.add(damage) }
            telemetry.emit(LogFilesTouched(damage: damage))
        }
        for archive in recovery.archives { usage.add(archive) }
        if let unsaved = recovery.unsaved {
            DedupIndexFile(folder: folder, usage: usage).save(
                unsaved.marks, covering: unsaved.covering)
        }
        for closed in recovery.closed {
            state.note(plain: closed.name.number, closed.plain)
            usage.close(closed.name.number, bytes: closed.bytes)
            sealer.seal(closed.name, end: closed.end, lines: closed.lines, marks: nil)
        }
        usage.setActive(recovery.active?.physicalEnd ?? 0)
        if let active = recovery.active { state.note(plain: active.number, recovery.activePlain) }

        var writer = SegmentWriter(
            folder: folder, configuration: configuration, clock: clock, telemetry: telemetry,
            state: state, usage: usage, keeper: keeper, sealer: sealer, lock: lock,
            marks: recovery.marks,
            dedupClock: DedupClock(
                newest: recovery.marks.newest, now: clock.now, clock: monotonic),
            active: recovery.active,
            rotation: recovery.active == nil ? .installing(after: recovery.after) : .none,
            number: recovery.number, newest: recovery.newest, headFile: HeadFile(in: folder),
            coverages: NodeShares(
                share: configuration.perNodeShare, segmentLimit: configuration.segmentLimit),
            answers: answers)
        writer.isCopying = configuration.beginsAsCopy
        if let active = writer.active { writer.headFile.publish(active.record, files: files) }
        // A full disk must not prevent reads, so the log opens even if it then sheds lines.
        writer.maintain()

        self.configuration = configuration
        self.lock = lock
        self.quarantine = quarantine
        let (seal, unkept) = SealKey.load(configuration.directory)
        self.seal = seal
        ownNode = Hash128(configuration.node)
        if let unkept { telemetry.emit(SealKeyUnkept(fault: "\(unkept)")) }
        self.telemetry = telemetry
        self.clock = clock
        self.state = state
        self.usage = usage
        self.sealer = sealer
        self.answers = answers
        view = OwnView(
            folder: folder, state: state, keeper: keeper, queries: queries)
        queue = AppendQueue(
            capacity: configuration.queueBytes, takesOnlyCopies: configuration.beginsAsCopy)
        epoch =
            String(UInt64(bitPattern: clock.now.milliseconds), radix: 16)
            + String(UInt32.random(in: 0x1000_0000 ... .max), radix: 16)
        self.writer = Mutex(writer)
        guard sealer.start(), DedicatedThread.start("log-writer", { self.run() }) else {
            throw SystemFault(
                "pthread_create", configuration.directory, code: SystemFault.noThread)
        }
        telemetry.emit(
            EventLogOpened(
                lines: recovery.active?.lines ?? 0, tornBytes: recovery.tornBytes,
                seconds: (ContinuousClock.now - begun).inSeconds))
        quarantine.report { [weak self] event, done in
            guard let self else { return done(false) }
            ingest(IngestBody(event)) { result in
                done(((try? result.get()).map { $0.accepted + $0.duplicates } ?? 0) > 0)
            }
        }
    }

    /// The loop of the writer thread.
    private func run() {
        while true {
            let pause = writer.withLock { $0.pause }
            let batch = queue.take(bytes: CommitGroup.bytesAtMost, pause: pause)
            writer.withLock { writer in
                writer.commit(batch.requests)
                writer.syncIfDue()
                writer.lookIfDue()
                if batch.chores.isEmpty { writer.maintainIfDue() }
            }
            if batch.requests.isEmpty { quarantine.report() }
            // Nothing comes between the lines of a copy.
            if !writer.withLock({ $0.isCopying }) {
                reportShed()
                appendReports()
            }
            for chore in batch.chores {
                switch chore {
                case .maintain(let done):
                    writer.withLock { $0.maintain() }
                    appendReports()
                    answers.whenDone(done)
                case .expect(let position, let reader, let done):
                    writer.withLock { $0.goOn(behind: position, of: reader) }
                    appendReports()
                    answers.whenDone(done)
                case .begin(let segment, let done):
                    writer.withLock { $0.begin(segment: segment) }
                    answers.whenDone(done)
                case .close(let done):
                    reportShed(closing: true)
                    appendReports(closing: true)
                    writer.withLock { $0.close() }
                    sealer.stop()
                    state.close()
                    lock.release()
                    answers.whenDone(done)
                    return
                }
            }
        }
    }

    /// Accepts no more lines, makes the queued lines durable, and releases the lock.
    ///
    /// A second call returns at once.
    public func close() async {
        await withCheckedContinuation { continuation in
            if !queue.submit(.close { continuation.resume() }) { continuation.resume() }
        }
    }

    /// Runs the periodic maintenance now: retries a failed disk, closes a segment that is too
    /// old, retries sealing, and removes archives that are too old.
    public func maintain() async {
        await withCheckedContinuation { continuation in
            if !queue.submit(.maintain { continuation.resume() }) { continuation.resume() }
        }
    }

    /// Returns once every closed segment is sealed or sealing has failed.
    func settle() async {
        await withCheckedContinuation { continuation in
            sealer.whenIdle { continuation.resume() }
        }
    }

    // MARK: - Appending

    /// Appends one event and returns a position after it once it is acknowledged.
    ///
    /// An event without `node`, `epoch` or `seq` becomes one of this node's: the three are set,
    /// with `seq` from 1 in the order of the lines, and the line is sealed so that `wrote`
    /// recognizes it after a restart. An event without an `id` gets one derived from the three.
    /// An event that the log already holds is not appended again. Cancelling the task does not
    /// withdraw the line.
    @discardableResult
    public func append(_ event: Event) async throws(EventLogError) -> LogPosition {
        let result: Result<AppendOutcome, EventLogError> = await withCheckedContinuation {
            continuation in
            let refusal = submit(event) { continuation.resume(returning: $0) }
            if let refusal { continuation.resume(returning: .failure(refusal)) }
        }
        let outcome = try result.get()
        guard outcome.shed.isEmpty else { throw .shedding(.minFree) }
        return outcome.end
    }

    func line(
        of event: Event, after last: inout UInt64
    ) throws(EventLogError) -> ([UInt8], ScannedLine) {
        var event = event
        var next = last
        let isOurs = event.seq == nil || event.node == nil || event.epoch == nil
        if isOurs {
            next += 1
            event.node = configuration.node
            event.epoch = epoch
            event.seq = next
        }
        if event.id.isEmpty {
            let name = "\(event.node ?? "")\0\(event.epoch ?? "")\0\(event.seq ?? 0)"
            event.id = String(ContentHash.hex(name.utf8).prefix(32))
        }
        let line = isOurs ? seal.seal(event.line) : event.line
        guard line.count <= EventLogConfiguration.maxLineBytes else {
            throw .lineTooLong(bytes: line.count, limit: EventLogConfiguration.maxLineBytes)
        }
        do throws(EventFault) {
            let scanned = try ScannedLine(line)
            last = next
            return (line, scanned)
        } catch { throw .invalidEvent(error) }
    }

    /// Stores the valid lines of a body and calls `reply` once with the result.
    ///
    /// `reply` is called from a queue of the log, or before this returns if no line is valid or the
    /// queue refuses the body.
    public func ingest(
        _ parsed: IngestBody,
        reply: @escaping @Sendable (Result<IngestReceipt, EventLogError>) -> Void
    ) {
        if let first = parsed.rejected.first {
            let count = parsed.rejectedTotal
            state.count { $0.rejected += count }
            telemetry.emit(LinesRejected(lines: count, first: first.error.description))
        }
        let (rejected, total) = (parsed.rejected, parsed.rejectedTotal)
        guard parsed.hasEvents else {
            return reply(
                .success(
                    IngestReceipt(
                        accepted: 0, duplicates: 0, rejected: rejected, rejectedTotal: total,
                        end: state.head)))
        }
        let request = AppendRequest(
            bytes: parsed.bytes, lines: parsed.lines, checksum: parsed.checksum,
            sender: parsed.sender
        ) { result in
            reply(
                result.map { outcome in
                    IngestReceipt(
                        accepted: outcome.accepted, duplicates: outcome.duplicates,
                        rejected: rejected, rejectedTotal: total, shed: outcome.shed,
                        end: outcome.end)
                })
        }
        do throws(EventLogError) { try queue.submit(request) } catch { reply(.failure(error)) }
    }

    /// Appends a `log.gap` event: `cursor` can no longer read `lines` lines.
    ///
    /// Call it if a batch of that cursor's reader has `skipped` lines.
    @discardableResult
    public func appendGap(
        lines: Int, cursor: String, at time: Timestamp
    ) async throws(EventLogError) -> LogPosition {
        try await append(
            Event(
                ts: time, level: .warn, event: EventName.logGap,
                message: "\(lines) lines were removed before \(cursor) had read them",
                extra: [
                    .init("cursor", .string(cursor)),
                    .init("lines", .number("\(Count(clamping: lines).value)")),
                ]))
    }
}
