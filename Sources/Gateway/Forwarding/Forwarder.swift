import Events
import EventLog
public import Secrets
import State
import Synchronization
import Telemetry
import Transfer

/// Sends this node's events to the notifier, reading the event log with the durable cursor
/// `forward`.
///
/// Sends in order, with one batch in flight. The cursor moves only after the notifier has
/// acknowledged a batch as durable: after a kill at most one batch is sent again, which the
/// notifier recognises by `(node, epoch, seq)`. While the notifier is unreachable, the events
/// stay in the event log; the delay between tries grows exponentially with full jitter up to a
/// ceiling.
public struct Forwarder: Sendable {
    /// The durable cursor's name in the state file.
    public static let cursorName = "forward"

    public struct Configuration: Sendable {
        /// The notifier's address, `https://host:port`.
        public var to: String
        /// The bearer token, read again for each try; nil: none.
        public var token: Secret?
        public var trust: TLSTrust
        /// Most lines and bytes of one batch.
        public var batchLines: Int
        public var batchBytes: Int
        public var deadline: Duration
        public var retry: RetryPolicy

        public init(
            to: String, token: Secret?, trust: TLSTrust, batchLines: Int = 1000,
            batchBytes: Int = 1 << 20, deadline: Duration = .seconds(10),
            retry: RetryPolicy = RetryPolicy(
                initial: .milliseconds(200), factor: 2, ceiling: .seconds(30))
        ) {
            self.to = to
            self.token = token
            self.trust = trust
            self.batchLines = batchLines
            self.batchBytes = batchBytes
            self.deadline = deadline
            self.retry = retry
        }
    }

    /// The forwarder's state, for operators.
    public struct Status: Sendable, Equatable {
        public var acknowledged = LogPosition.start
        public var failuresInARow = 0
        /// The last failure's text; empty after a success.
        public var fault = ""
    }

    private let configuration: Configuration
    /// The notifier's address for fault texts.
    private let shown: String
    private let eventLog: EventLog
    private let lines: LineGuard
    private let store: Store
    private let transfer: TransferEngine
    private let telemetry: Telemetry
    private let clock: any Clock<Duration>
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
        shown = ShownText.url(configuration.to)
        self.eventLog = eventLog
        lines = eventLog.lineGuard(of: .forward)
        self.store = store
        self.transfer = transfer
        self.telemetry = telemetry
        self.clock = clock
        state = StatusBox()
        Forwarded(lines: 0).record(in: telemetry.registry)
        ForwardFailed.count(0, in: telemetry.registry)
        ForwardRejected(lines: 0).record(in: telemetry.registry)
        ForwardGap(lost: 0).record(in: telemetry.registry)
    }

    public var status: Status { state.value.withLock { $0 } }

    /// Forwards until cancelled, then returns. The next run reads lines that were not
    /// acknowledged again.
    public func run() async throws {
        await lines.pause(clock)
        var position =
            try await store.read { db in
                try CursorTable.position(db, of: Self.cursorName)
            } ?? .start
        state.value.withLock { $0.acknowledged = position }
        var limit = configuration.batchLines
        var reader = eventLog.reader(from: position)

        while !Task.isCancelled {
            await eventLog.waitForLines(after: position)
            if Task.isCancelled { break }
            let batch: EventLogBatch
            do {
                // Lines that were not acknowledged are read again.
                if reader.position != position { reader = eventLog.reader(from: position) }
                batch = try await reader.next(
                    maxLines: limit, maxBytes: configuration.batchBytes)
            } catch {
                try await failed("reading the log: \(error)", retryAfter: nil)
                continue
            }
            var unreported = 0
            if batch.skipped > 0 {
                // A log that cannot be appended to must not stop the forwarding of its lines.
                do { try await report(gapAfter: position, lines: batch.skipped) } catch {
                    unreported = batch.skipped
                }
            }
            if !batch.lines.isEmpty {
                switch await send(batch) {
                case .acknowledged(let rejected):
                    if rejected > 0 { telemetry.emit(ForwardRejected(lines: rejected)) }
                case .tooLarge where batch.lines.count > 1:
                    limit = max(1, batch.lines.count / 2)
                    continue
                case .tooLarge:
                    telemetry.emit(ForwardRejected(lines: 1))
                case .again(let fault, let retryAfter):
                    try await failed(fault, retryAfter: retryAfter)
                    continue
                }
            }
            try await commit(batch.end)
            if unreported > 0 { telemetry.emit(ForwardGap(lost: unreported)) }
            telemetry.emit(Forwarded(lines: batch.lines.count))
            position = batch.end
            limit = configuration.batchLines
        }
    }

    private func commit(_ position: LogPosition) async throws {
        try await store.write { db in
            try CursorTable.move(db, Self.cursorName, to: position)
        }
        state.value.withLock { status in
            status = Status(acknowledged: position)
        }
    }

    /// Reports lines that were removed before they were forwarded, each line once.
    ///
    /// A batch that was not acknowledged is read again and finds the same gap.
    private func report(gapAfter position: LogPosition, lines: Int) async throws {
        let new = try await store.read { db in
            try GapTable.unreported(
                db, cursor: Self.cursorName, after: position, lines: lines)
        }
        guard new > 0 else { return }
        telemetry.emit(ForwardGap(lost: new))
        // The appended line is forwarded, too.
        try await eventLog.appendGap(
            lines: new, cursor: Self.cursorName, at: WallClock.system.now)
        try await store.write { db in
            try GapTable.markReported(
                db, cursor: Self.cursorName, after: position, lines: lines)
        }
    }

    private enum Outcome {
        /// The notifier has stored the batch durably; it rejected `rejected` lines for good.
        case acknowledged(rejected: Int)
        case tooLarge
        case again(fault: String, retryAfter: Duration?)
    }

    private func send(_ batch: EventLogBatch) async -> Outcome {
        // The guard ends before the request: most kills would happen during the request, and
        // would be blamed on these lines.
        let sent = await lines.fold(batch.lines, into: ForwardBatch()) { sent, line in
            // Decisions concern this node alone, and the notifier refuses them.
            if !ForwardBatch.isDecision(line.bytes) { sent.append(line.bytes) }
        }
        guard sent.lines > 0 else { return .acknowledged(rejected: 0) }
        var headers = [("Content-Type", "application/x-ndjson")]
        if let token = configuration.token {
            do {
                headers.append(("Authorization", "Bearer \(try token.read())"))
            } catch {
                return .again(fault: "\(error)", retryAfter: nil)
            }
        }
        let reply: HTTPReply
        do {
            reply = try await transfer.http(
                HTTPTransfer(
                    url: configuration.to + "/v1/events", method: "POST", headers: headers,
                    body: sent.body, deadline: configuration.deadline, maxBody: 1 << 20,
                    tls: configuration.trust))
        } catch {
            return .again(fault: "\(error)", retryAfter: nil)
        }
        switch ForwardBatch.Answer(status: reply.status, body: reply.body, lines: sent.lines) {
        case .acknowledged(let rejected): return .acknowledged(rejected: rejected)
        case .tooLarge: return .tooLarge
        case .again(let why):
            return .again(
                fault: "\(shown) \(why)",
                retryAfter: RetryPolicy.retryAfter(reply.header("retry-after")))
        }
    }

    /// Counts a failure and waits until the next try.
    private func failed(_ fault: String, retryAfter: Duration?) async throws {
        let failures = state.value.withLock { status in
            status.failuresInARow +|= 1
            status.fault = fault
            return status.failuresInARow
        }
        var generator = SystemRandomNumberGenerator()
        let delay = max(
            configuration.retry.delay(after: failures, using: &generator),
            min(retryAfter ?? .zero, configuration.retry.ceiling))
        telemetry.emit(ForwardFailed(fault: fault, failures: failures, delay: delay))
        try? await clock.sleep(for: delay)
    }
}
