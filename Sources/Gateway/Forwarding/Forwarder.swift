import Core
import EventLog
import Events
public import Secrets
import State
import Synchronization
import Telemetry
import Transfer

/// Sends this node's events to the notifier, reading the event log with the durable cursor
/// `forward`.
///
/// Sends in order, with one batch in flight, to the first of the notifier's addresses that accepts
/// one, and to the next one when that fails. A line is acknowledged when it is durable on the
/// notifier, and safe when it would survive the loss of the notifier's machine: with a bucket that
/// is later, and receipts report it (`SafeCursor`). The durable cursor moves over safe lines only.
/// After a start, and when another notifier answers than the one that acknowledged, the lines after
/// it are sent again; the notifier recognises those that it has by `(node, epoch, seq)`.
///
/// While no notifier accepts them, the events stay in the event log.
public struct Forwarder: Sendable {
    /// The durable cursor's name in the state file.
    public static let cursorName = "forward"

    public struct Configuration: Sendable {
        /// The notifier's addresses, `https://host:port`, in the order in which they are tried.
        public var to: [String]
        /// The bearer token, read again for each try; nil: none.
        public var token: Secret?
        public var trust: TLSTrust
        /// Most lines and bytes of one batch.
        public var batchLines: Int
        public var batchBytes: Int
        /// Whether bodies are compressed with gzip.
        public var compress: Bool
        /// How long a batch that reaches the end of the log waits for more lines.
        public var linger: Duration
        public var deadline: Duration
        public var retry: RetryPolicy
        /// The time without new lines after which a receipt is requested for lines that are not
        /// safe; doubles up to `retry.ceiling` while none becomes safe.
        public var confirmAfter: Duration

        public init(
            to: [String], token: Secret?, trust: TLSTrust, batchLines: Int = 1000,
            batchBytes: Int = 1 << 20, compress: Bool = false, linger: Duration = .zero,
            deadline: Duration = .seconds(10),
            retry: RetryPolicy = RetryPolicy(
                initial: .milliseconds(200), factor: 2, ceiling: .seconds(30)),
            confirmAfter: Duration = .seconds(1)
        ) {
            self.to = to
            self.token = token
            self.trust = trust
            self.batchLines = batchLines
            self.batchBytes = batchBytes
            self.compress = compress
            self.linger = linger
            self.deadline = deadline
            self.retry = retry
            self.confirmAfter = confirmAfter
        }
    }

    /// The forwarder's state, for operators.
    public struct Status: Sendable, Equatable {
        /// The position after the last line that a notifier acknowledged.
        public var acknowledged = LogPosition.start
        /// The position after the last line that is safe; see `Forwarder`.
        public var safe = LogPosition.start
        public var failuresInARow = 0
        /// The last failure's text; empty after a success.
        public var fault = ""
        /// The address that acknowledged last, for people; empty before.
        public var notifier = ""
    }

    let configuration: Configuration
    let eventLog: EventLog
    private let lines: LineGuard
    let store: Store
    private let sender: ForwardSender
    let telemetry: Telemetry
    let clock: any Clock<Duration>
    private let state: StatusBox

    /// Shared between the running forwarder and readers of its status.
    private final class StatusBox: Sendable {
        let value = Mutex(Status())
    }

    public init(
        _ configuration: Configuration, eventLog: EventLog, store: Store, transfer: TransferEngine,
        telemetry: Telemetry, clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.configuration = configuration
        self.eventLog = eventLog
        lines = eventLog.lineGuard(of: .forward)
        self.store = store
        sender = ForwardSender(
            configuration, transfer: transfer, telemetry: telemetry, clock: clock)
        self.telemetry = telemetry
        self.clock = clock
        state = StatusBox()
        Forwarded.declare(in: telemetry.registry)
    }

    public var status: Status { state.value.withLock { $0 } }

    /// The state of one life of the forwarder, besides the durable cursor.
    private struct Life {
        var cursor: SafeCursor
        var reader: EventLogReader
        /// Most lines of the next batch.
        var limit: Int
        /// Whether the last batch reached the end of the log, so that the next one may wait for
        /// more lines.
        var isCaughtUp = false
        /// Whether the next request must find out which notifier answers, before new lines go
        /// there: after a failure.
        var asksFirst = false
        /// Lines that are sent for a receipt.
        var asked = 1
        /// Requests for a receipt since a line became safe.
        var questions = 0
        /// How often lines were sent again since a line became safe.
        var returns = 0
    }

    /// Forwards until cancelled, then returns. The next run sends lines that are not safe again.
    public func run() async {
        await lines.pause(clock)
        guard let start = await storedCursor() else { return }
        var life = Life(
            cursor: SafeCursor(at: start), reader: eventLog.reader(from: start),
            limit: configuration.batchLines)
        show(life.cursor)
        while !Task.isCancelled { await step(&life) }
    }

    private func step(_ life: inout Life) async {
        if life.asksFirst, !life.cursor.isSafe { return await ask(&life) }
        guard await waitForLines(&life) else { return }
        let batch: EventLogBatch
        do {
            // Lines that were not acknowledged are read again.
            if life.reader.position != life.cursor.sent {
                life.reader = eventLog.reader(from: life.cursor.sent)
            }
            batch = try await life.reader.next(
                maxLines: life.limit, maxBytes: configuration.batchBytes)
        } catch {
            return await failed("reading the log: \(error)")
        }
        await send(batch, &life)
    }

    /// Returns whether there are lines to send, once there are. While acknowledged lines are not
    /// safe, also requests a receipt, and then returns false.
    private func waitForLines(_ life: inout Life) async -> Bool {
        let (position, eventLog, clock) = (life.cursor.sent, eventLog, clock)
        if life.cursor.isSafe {
            await eventLog.waitForLines(after: position)
        } else {
            let pause = RetryPolicy(
                initial: configuration.confirmAfter, factor: 2, ceiling: configuration.retry.ceiling
            ).bound(after: life.questions +| 1)
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await eventLog.waitForLines(after: position) }
                group.addTask { try? await clock.sleep(for: pause) }
                await group.next()
                group.cancelAll()
            }
        }
        if Task.isCancelled { return false }
        guard eventLog.head > position else {
            if life.cursor.isSafe {
                // The log is closed, and this task is about to be cancelled.
                try? await clock.sleep(for: .milliseconds(100))
            } else {
                await ask(&life)
            }
            return false
        }
        if life.isCaughtUp, configuration.linger > .zero {
            life.isCaughtUp = false
            try? await clock.sleep(for: configuration.linger)
        }
        return !Task.isCancelled
    }

    private func send(_ batch: EventLogBatch, _ life: inout Life) async {
        var unreported = 0
        if batch.skipped > 0 {
            // A log that cannot be appended to must not stop the forwarding of its lines.
            do { try await report(gapAfter: life.cursor.sent, lines: batch.skipped) } catch {
                unreported = batch.skipped
            }
        }
        var answer = ForwardBatch.Answer.acknowledged(rejected: 0, .unreported)
        if !batch.lines.isEmpty {
            // The guard ends before the request: most kills would happen during the request, and
            // would be blamed on these lines.
            let body = await lines.fold(batch.lines, into: ForwardBatch()) { sent, line in
                sent.append(line.bytes)
            }
            if body.lines > 0 {
                guard let given = await request(body, &life) else { return }
                answer = given
            }
        }
        switch answer {
        case .acknowledged(let rejected, let shipping):
            if rejected > 0 { telemetry.emit(ForwardRejected(lines: rejected)) }
            if let reason = life.cursor.acknowledge(upTo: batch.end, shipping) {
                return await goBack(reason, &life)
            }
            note(shipping)
        case .tooLarge where batch.lines.count > 1:
            life.limit = max(1, batch.lines.count / 2)
            return
        case .tooLarge:
            telemetry.emit(ForwardRejected(lines: 1))
            _ = life.cursor.acknowledge(upTo: batch.end, .unreported)
        case .again, .nameTaken: return
        }
        await moved(&life)
        if unreported > 0 { telemetry.emit(ForwardGap(lost: unreported)) }
        telemetry.emit(Forwarded(lines: batch.lines.count))
        life.limit = configuration.batchLines
        life.isCaughtUp = batch.isCaughtUp
    }

    /// Sends the first line that is not safe again, for its receipt: whether it is safe by now, and
    /// whether the same notifier answers.
    private func ask(_ life: inout Life) async {
        let first: EventLogBatch
        do {
            var reader = eventLog.reader(from: life.cursor.safe)
            first = try await reader.next(maxLines: life.asked)
        } catch {
            return await failed("reading the log: \(error)")
        }
        let body = await lines.fold(first.lines, into: ForwardBatch()) { sent, line in
            sent.append(line.bytes)
        }
        var rejected = 0
        var shipping = ForwardBatch.Shipping.unreported
        if body.lines > 0 {
            switch await request(body, &life, isQuestion: true) {
            case .acknowledged(let some, let report)?: (rejected, shipping) = (some, report)
            case .nameTaken?: rejected = body.lines
            case .tooLarge?, .again?, nil: return
            }
            life.questions +|= 1
        }
        guard rejected < body.lines else {
            // No receipt for lines that the notifier rejects, or that must not be read.
            if first.lines.count < life.asked || life.asked >= configuration.batchLines {
                return await goBack(.unreadable, &life)
            }
            life.asked = min(life.asked *| 2, configuration.batchLines)
            return
        }
        life.asked = 1
        if let reason = life.cursor.confirm(shipping) { return await goBack(reason, &life) }
        note(shipping)
        await moved(&life)
    }

    /// Sends a body. Returns nil, after the delay, if it was not acknowledged and must be sent
    /// again.
    ///
    /// - Parameter isQuestion: Whether the lines were acknowledged before.
    private func request(
        _ body: ForwardBatch, _ life: inout Life, isQuestion: Bool = false
    ) async -> ForwardBatch.Answer? {
        let reply = await sender.send(body)
        switch reply.answer {
        case .again where Task.isCancelled: return nil
        case .again(let why):
            life.asksFirst = true
            await failed(why, wait: reply.wait)
            return nil
        case .nameTaken where !isQuestion:
            await failed(
                "\(reply.notifier) has this node's name; give one of the two another `node`")
            return nil
        case .acknowledged, .tooLarge, .nameTaken: break
        }
        life.asksFirst = false
        state.value.withLock { status in
            (status.failuresInARow, status.fault) = (0, "")
            status.notifier = reply.notifier
        }
        return reply.answer
    }

    /// Sends all lines that are not safe again.
    private func goBack(_ reason: SafeCursor.Reason, _ life: inout Life) async {
        life.cursor.goBack()
        life.isCaughtUp = false
        life.asksFirst = false
        life.asked = 1
        telemetry.emit(
            ForwardWentBack(
                why: reason.rawValue, bytes: eventLog.bytes(after: life.cursor.safe),
                notifier: status.notifier))
        show(life.cursor)
        // Notifiers that take turns must not be sent the same lines without end.
        life.returns +|= 1
        if life.returns > 1 { try? await clock.sleep(for: delay(after: life.returns)) }
    }

    private func note(_ shipping: ForwardBatch.Shipping) {
        if case .unreadable(let text) = shipping {
            telemetry.emit(ForwardReportUnreadable(text: text, notifier: status.notifier))
        }
    }

    /// Publishes the cursors, and stores the safe one if it moved.
    private func moved(_ life: inout Life) async {
        let before = status.safe
        show(life.cursor)
        guard life.cursor.safe != before else { return }
        (life.questions, life.returns) = (0, 0)
        await keep(life.cursor.safe)
    }

    private func show(_ cursor: SafeCursor) {
        state.value.withLock { status in
            (status.acknowledged, status.safe) = (cursor.sent, cursor.safe)
        }
    }

    /// Counts a failure and waits until the next try.
    ///
    /// - Parameter wait: The time until an address may be tried; nil: a growing random time.
    func failed(_ fault: String, wait: Duration? = nil) async {
        let failures = state.value.withLock { status in
            status.failuresInARow +|= 1
            status.fault = fault
            return status.failuresInARow
        }
        let delay = wait ?? delay(after: failures)
        telemetry.emit(ForwardFailed(fault: fault, failures: failures, delay: delay))
        try? await clock.sleep(for: delay)
    }

    private func delay(after failures: Int) -> Duration {
        var generator = SystemRandomNumberGenerator()
        return configuration.retry.delay(after: failures, using: &generator)
    }
}
