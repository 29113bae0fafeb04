import Events
import HTTPTypes
import HummingbirdCore
import EventLog
import NIOCore
import ServiceLifecycle

/// Streams the log's lines from a position on as server-sent events.
///
/// Ends when the client disconnects, its token is no longer valid or the node shuts down. A
/// batch is read only after the previous one was written, so a slow client only slows its own
/// stream. A client that stops reading for longer than `request_deadline` is disconnected; it
/// continues with `Last-Event-ID`.
struct EventFollow: Sendable {
    let eventLog: EventLog
    let query: EventLogQuery
    let from: LogPosition
    /// Whether the client's credential is still valid.
    let isWelcome: @Sendable () -> Bool
    private let clock: any Clock<Duration>

    /// Most lines of one read, and their bytes.
    private static let batchLines = 200
    private static let batchBytes = 128 << 10
    /// Memory of one follower: an archive's member, a batch, and bytes that wait to be written.
    static let memory = 512 << 10
    /// Most time without a message; then one with only the position is sent.
    private static let pause = Duration.seconds(15)
    /// Pause at the end of the log. Every follower of a busy log would otherwise wake for each line,
    /// at the same time as the line's sender gets its answer.
    static let rest = Duration.milliseconds(250)

    init(
        eventLog: EventLog, query: EventLogQuery, from: LogPosition,
        clock: any Clock<Duration> = ContinuousClock(),
        while isWelcome: @escaping @Sendable () -> Bool
    ) {
        self.eventLog = eventLog
        self.query = query
        self.from = from
        self.isWelcome = isWelcome
        self.clock = clock
    }

    var response: Response {
        Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: ResponseBody { writer in
                try await write(to: &writer)
                try await writer.finish(nil)
            })
    }

    private func write(to writer: inout any ResponseBodyWriter) async throws {
        var reader = eventLog.reader(from: from, query: query, isNarrow: true)
        try await writer.write(ByteBuffer(string: ": following\n\n"))
        var written = ContinuousClock.now
        while !Task.isCancelled, !Task.isShuttingDownGracefully, isWelcome() {
            // The log was recreated: the position belongs to the old one.
            if eventLog.head < reader.position {
                reader = eventLog.reader(from: .start, query: query, isNarrow: true)
                try await writer.write(Self.message(id: .start, event: "anew", data: "".utf8))
            }
            let before = reader.position
            await wait(after: before)
            // The token may have expired or been revoked meanwhile.
            guard isWelcome() else { return }
            let batch = try await reader.next(
                maxLines: Self.batchLines, maxBytes: Self.batchBytes)
            if batch.skipped > 0 {
                try await writer.write(
                    Self.message(id: before, event: "gap", data: "\(batch.skipped)".utf8))
            }
            for line in batch.lines {
                try await writer.write(Self.message(id: line.end, data: line.bytes))
            }
            if !batch.lines.isEmpty {
                written = .now
            } else if .now - written >= Self.pause {
                // Without data the client dispatches no event, but stores the id.
                try await writer.write(ByteBuffer(string: "id: \(batch.end)\n\n"))
                written = .now
            }
            if batch.lines.isEmpty, !eventLog.status.isOpen { return }
            if batch.isCaughtUp { try? await clock.sleep(for: Self.rest) }
        }
    }

    private static func message(
        id: LogPosition, event: String? = nil, data: some Sequence<UInt8>
    ) -> ByteBuffer {
        var message = ByteBuffer(string: "id: \(id)\n")
        if let event { message.writeString("event: \(event)\n") }
        message.writeString("data: ")
        message.writeBytes(data)
        message.writeString("\n\n")
        return message
    }

    /// Waits until there is a line, the credential is invalid, or the pause has passed.
    private func wait(after position: LogPosition) async {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await eventLog.waitForLines(after: position) }
                group.addTask {
                    let end = ContinuousClock.now + Self.pause
                    while isWelcome(), ContinuousClock.now < end, !Task.isCancelled {
                        try? await Task.sleep(for: .seconds(1))
                    }
                }
                await group.next()
                group.cancelAll()
            }
        }
    }
}
