import Core
import Delivery
public import Digests
public import Events
import EventLog
public import Rendering
public import State
import Synchronization
public import Telemetry

/// Reads the event log, feeds it to `DigestMachine` and stores the digests it composes.
///
/// Digests, outbox rows, group states and the moved durable cursor `digest` are written in one
/// SQLite transaction. No other state has to survive a restart: after a kill at any point the
/// next run reads from the cursor and composes the same digests.
///
/// One task calls `run`; the other members are thread-safe.
public final class DigestService: Sendable {
    /// The durable cursor's name in the state file.
    public static let cursorName = "digest"

    /// The state of digesting, for operators.
    public struct Status: Sendable, Equatable {
        /// The end of the last line read.
        public var position = LogPosition.start
        public var openGroups = 0
        /// Groups whose messages are held back by a silence or because another group's message
        /// reports the same fault.
        public var heldBack = 0
        public var nextDeadline: Timestamp?
        /// Why the last pass failed; empty after a success.
        public var fault = ""
    }

    /// The configuration that a reload replaces.
    public struct Plan: Sendable, Equatable {
        public var settings: DigestSettings
        /// Silences and mute times of the configuration, in addition to those of `SilenceBook`.
        public var silences: [Silence]

        public init(settings: DigestSettings, silences: [Silence] = []) {
            self.settings = settings
            self.silences = silences
        }
    }

    private let plan: Mutex<Plan>
    /// Changed only by `run`: by its task, and by the thread that reads lines for it.
    let machine: Mutex<DigestMachine>
    private let eventLog: EventLog
    let lines: LineGuard
    let store: Store
    let dispatch: any DigestDispatch
    let decisions: DecisionLog
    let wall: WallClock
    let clock: any Clock<Duration>
    let telemetry: Telemetry
    private let shown = Mutex(Status())
    private let settling = AsyncStream<Never>.makeStream()

    /// Most time between two checkpoints; bounds what a restart reads again.
    private static let checkpointEvery = Duration.seconds(10)
    /// Time within which a new silence or plan takes effect.
    private static let lookEvery = Duration.seconds(1)
    /// Time between two checks for due windows while the reader is behind the log's head. A
    /// check visits every group, and windows last minutes.
    private static let lookBehindEvery = Duration.milliseconds(250)
    private static let batchLines = 8000
    /// Least time between two passes over a busy log: lines that arrive meanwhile are read
    /// together. A pass for every one or two lines would use more CPU than writing them.
    private static let coalescingDelay = Duration.milliseconds(25)
    private static let batchBytes = 4 << 20
    /// The pauses after a failed pass or commit: their bounds, because one task waits alone.
    static let retry = RetryPolicy(
        initial: .milliseconds(200), factor: 2, ceiling: .seconds(10))

    public init(
        _ plan: Plan, decisions: DecisionLog, dispatch: any DigestDispatch,
        wall: WallClock = .system, clock: any Clock<Duration> = ContinuousClock(),
        telemetry: Telemetry
    ) {
        self.plan = Mutex(plan)
        machine = Mutex(DigestMachine(settings: plan.settings))
        self.decisions = decisions
        eventLog = decisions.eventLog
        lines = decisions.eventLog.lineGuard(of: .digest)
        store = decisions.store
        self.dispatch = dispatch
        self.wall = wall
        self.clock = clock
        self.telemetry = telemetry
        DigestGap(lost: 0).record(in: telemetry.registry)
        DigestServiceFailed.count(0, in: telemetry.registry)
        for cause in ["silence", "node_fault"] {
            DigestSuppressed.count(0, cause: cause, in: telemetry.registry)
        }
    }

    public var status: Status { shown.withLock { $0 } }

    /// The fields that silences may name.
    public var fields: FilterFields { .digests(groupBy: plan.withLock { $0.settings.groupBy }) }

    /// The open incidents, worst first. Waits while a batch of lines is read.
    public var openIncidents: [OpenIncident] { machine.withLock { $0.openIncidents } }

    /// The open incidents whose messages a silence would hold back now, worst first.
    func incidents(silencedBy filter: Filter) -> [OpenIncident] {
        let now = wall.now
        return machine.withLock { $0.incidents(silencedBy: filter, at: now) }
    }

    /// Replaces the plan within about a second. Open windows continue under the new settings.
    public func replace(plan new: Plan) { plan.withLock { $0 = new } }

    /// Reads the log and stores digests until cancelled.
    public func run() async throws {
        defer { settling.continuation.finish() }
        await lines.pause(clock)
        var inForce = plan.withLock { $0 }
        try await restore(inForce)
        var reader = eventLog.reader(from: position)
        var watch = ClockWatch(at: wall.now, clock: clock)
        let stopwatch = Stopwatch(clock)
        var checkpointed = stopwatch.elapsed
        var failures = 0
        // Whether everything that the machine composed is durable. If not, the machine is
        // restored from the store: keeping a copy would cost more than reading the lines again.
        var isSettled = true
        var lastPass = ContinuousClock.now
        var silencesRead = ContinuousClock.now
        var windowsChecked = ContinuousClock.now
        while !Task.isCancelled {
            do {
                if !isSettled { try await restore(inForce) }
                let wanted = plan.withLock { $0 }
                let isNew = wanted != inForce
                if wanted.settings != inForce.settings {
                    try await commit([], [])
                    try await restore(wanted)
                }
                inForce = wanted
                isSettled = false
                let before = position
                // The same time for lines and windows, because the clock may be set meanwhile.
                let now = wall.now
                let step = watch.step(to: now)
                if step != .zero {
                    machine.withLock { $0.clockSet(by: step) }
                    telemetry.emit(ClockSet(part: "digests", step: step))
                }
                let caughtUp = try await read(through: &reader, at: now)
                if !lines.isSuspicious { settling.continuation.finish() }
                guard caughtUp || windowsChecked + Self.lookBehindEvery <= .now else {
                    isSettled = true
                    continue
                }
                windowsChecked = .now
                let due = machine.withLock { $0.nextDeadline }
                // Silences are read before a digest is composed, when the log is idle, and at
                // least once a second, but not for every batch.
                if isNew || position == before || silencesRead + Self.lookEvery <= .now
                    || due.map({ $0 <= now }) == true
                {
                    try await refreshSilences(inForce)
                    silencesRead = .now
                }
                let (digests, held, hasClosed) = telemetry.measuring(.digests) {
                    machine.withLock {
                        (
                            compose(&$0, now: now, caughtUp: caughtUp), $0.takeSuppressions(),
                            $0.hasClosed
                        )
                    }
                }
                if !digests.isEmpty || !held.isEmpty || hasClosed
                    || stopwatch.elapsed - checkpointed >= Self.checkpointEvery
                {
                    await record(held, at: now)
                    try await commit(digests, held)
                    checkpointed = stopwatch.elapsed
                }
                isSettled = true
                if caughtUp { settling.continuation.finish() }
                failures = 0
                let status = show(fault: "")
                if caughtUp {
                    await wait(
                        after: status.position, status.nextDeadline,
                        atMost: Self.checkpointEvery - (stopwatch.elapsed - checkpointed))
                    // The first line after a quiet time is read at once.
                    if lastPass + Self.coalescingDelay > .now {
                        try await Task.sleep(for: Self.coalescingDelay)
                    }
                    lastPass = .now
                }
            } catch is CancellationError {
                break
            } catch is NotLeading {
                // The machine is restored from what the decision stored.
                guard await decisions.resume() else { break }
            } catch {
                // Nothing is lost: the log is read again from the cursor.
                settling.continuation.finish()
                failures += 1
                show(fault: "\(error)")
                telemetry.emit(DigestServiceFailed(fault: "\(error)", failures: failures))
                try? await clock.sleep(for: Self.retry.bound(after: failures))
            }
        }
        // Only shortens the next start, so an error does not matter.
        if isSettled { try? await commit([], []) }
    }

    /// Shows the incidents of another node, which decides: those of the state file.
    public func follow() async {
        do {
            try await restore(plan.withLock { $0 })
            show(fault: "")
        } catch { show(fault: "\(error)") }
    }

    /// Returns when the lines that were being read when an earlier process ended are read.
    ///
    /// Also returns when `run` fails to read them or has ended. Delivery waits for this: a
    /// message that is sent but not recorded before a crash is sent again.
    public func settled() async { for await _ in settling.stream {} }

    /// The position up to which the machine has read.
    var position: LogPosition { machine.withLock { $0.position } }

    /// Restores the machine from the store.
    private func restore(_ plan: Plan) async throws {
        let (position, states) = try await store.read { db in
            (
                try CursorTable.position(db, of: Self.cursorName) ?? .start,
                try DigestGroupTable.all(db)
            )
        }
        let now = wall.now
        let unreadable = machine.withLock { machine in
            machine = DigestMachine(settings: plan.settings, position: position, states: states)
            machine.forgetFuture(of: now)
            return machine.unreadable
        }
        if unreadable > 0 { telemetry.emit(DigestStatesUnreadable(count: unreadable)) }
        try await refreshSilences(plan)
    }

    /// Reads the current silences, which any process may have changed.
    private func refreshSilences(_ plan: Plan) async throws {
        let now = wall.now
        let book = try await store.read { db in try SilenceBook.list(db, at: now) }
        let silences = plan.silences + book.map(\.silence)
        machine.withLock { if $0.silences != silences { $0.silences = silences } }
    }

    /// Logs the digests that were held back, before the transaction that counts them.
    ///
    /// The event's id is derived from the digest's, so the log rejects a second try as a
    /// duplicate.
    private func record(_ held: [Suppression], at now: Timestamp) async {
        for suppression in held {
            telemetry.emit(DigestSuppressed(suppression: suppression))
            do {
                let event = Event(suppression, node: eventLog.configuration.node, at: now)
                _ = try await eventLog.ingest(IngestBody(event.line))
            } catch {
                // A log that cannot be appended to must not stop digests.
                telemetry.emit(SuppressionUnlogged(fault: "\(error)"))
            }
        }
    }

    /// Feeds the next lines to the machine; returns whether the log's head was reached.
    private func read(
        through reader: inout EventLogReader, at now: Timestamp
    ) async throws -> Bool {
        // The reader is kept between calls, because it holds the position in the file. It is
        // replaced after the machine was restored.
        let before = position
        if reader.position != before { reader = eventLog.reader(from: before) }
        let batch = try await reader.pass(maxLines: Self.batchLines, maxBytes: Self.batchBytes) {
            pass throws(EventLogError) in
            try self.telemetry.measuring(.digests) { () throws(EventLogError) in
                try self.feed(&pass, now: now)
            }
        }
        if batch.skipped > 0 { try await report(gapAfter: before, lines: batch.skipped, at: now) }
        return batch.end == before || batch.end >= eventLog.head
    }

    /// Reports lines that were removed before they were read, each line once.
    ///
    /// Lines after the durable cursor are read again after a failure and find the same gap.
    private func report(
        gapAfter position: LogPosition, lines: Int, at now: Timestamp
    ) async throws {
        let new = try await store.read { db in
            try GapTable.unreported(
                db, cursor: Self.cursorName, after: position, lines: lines)
        }
        guard new > 0 else { return }
        telemetry.emit(DigestGap(lost: new))
        // The next digest counts the appended line.
        try await eventLog.appendGap(lines: new, cursor: Self.cursorName, at: now)
        try await store.write { db in
            try GapTable.markReported(
                db, cursor: Self.cursorName, after: position, lines: lines)
        }
    }

    private func feed(
        _ pass: inout EventLogPass, now: Timestamp
    ) throws(EventLogError) -> EventLogBatch {
        try machine.withLock { machine throws(EventLogError) in
            var view = EventView()
            let batch = try pass.forEach(guardedBy: lines) { line, end in
                // Every line was validated when it was accepted.
                if view.read(line) { machine.observe(view, at: end, now: now) }
            }
            // Otherwise waiting for lines after the old position would return at once, forever.
            machine.passOver(to: batch.end)
            return batch
        }
    }

    /// Waits until there are lines, a window or a checkpoint is due, or a second has passed.
    private func wait(
        after position: LogPosition, _ deadline: Timestamp?, atMost longest: Duration
    ) async {
        let due = deadline.map { $0 - wall.now } ?? longest
        let pause = max(min(due, longest, Self.lookEvery), .milliseconds(1))
        let clock = clock
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [eventLog] in await eventLog.waitForLines(after: position) }
            group.addTask { try? await clock.sleep(for: pause) }
            await group.next()
            group.cancelAll()
        }
    }

    @discardableResult
    func show(fault: String) -> Status {
        let status = machine.withLock { machine in
            Status(
                position: machine.position,
                openGroups: machine.openGroups, heldBack: machine.heldBack,
                nextDeadline: machine.nextDeadline, fault: fault)
        }
        shown.withLock { $0 = status }
        return status
    }
}

/// Renders digests outside the transaction and enqueues them inside it.
public protocol DigestDispatch: Sendable {
    func render(_ digest: Digest) -> RenderedDigest
    /// Who gets the digest.
    func addressees(of digest: Digest) -> [Addressee]
    /// Writes the digest and its outbox rows within the caller's transaction.
    ///
    /// A digest whose id is already stored is left unchanged.
    func enqueue(
        _ rendered: RenderedDigest, of digest: Digest, to addressees: [Addressee],
        at now: Timestamp, in db: Store.Transaction) throws
    /// Wakes delivery after digests were enqueued.
    func wake()
}
