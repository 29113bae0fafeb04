import Events
import HTTPTypes
import Hummingbird
import Journal
import NIOCore
import ServiceLifecycle

/// Server-sent events from a place of the log on, until the client goes away, its
/// token ends or the node shuts down.
///
/// A reader that is slow makes the log be read slowly: a batch is read only once the
/// one before is written, and the connection closes when the client leaves it unread
/// for longer than `request_deadline`. What it missed it gets by `Last-Event-ID`.
struct EventFollow: Sendable {
    let journal: Journal
    let query: JournalQuery
    let from: LogPosition
    /// Whether the client may still read.
    let isWelcome: @Sendable () -> Bool

    /// Lines of one read, and their bytes.
    private static let batchLines = 200
    private static let batchBytes = 128 << 10
    /// What one follower needs: a member of an archive, a batch, what waits to be written.
    static let memory = 512 << 10
    /// A sign of life at least so often, with the place reached.
    private static let pause = Duration.seconds(15)

    init(
        journal: Journal, query: JournalQuery, from: LogPosition,
        while isWelcome: @escaping @Sendable () -> Bool
    ) {
        self.journal = journal
        self.query = query
        self.from = from
        self.isWelcome = isWelcome
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
        var reader = journal.reader(from: from, query: query, isNarrow: true)
        try await writer.write(ByteBuffer(string: ": following\n\n"))
        var written = ContinuousClock.now
        while !Task.isCancelled, !Task.isShuttingDownGracefully, isWelcome() {
            // Somebody made the log anew: the place is of another.
            if journal.head < reader.position {
                reader = journal.reader(from: .start, query: query, isNarrow: true)
                try await writer.write(Self.message(id: .start, event: "anew", data: "".utf8))
            }
            let before = reader.position
            await wait(after: before)
            // The token may have ended meanwhile.
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
                // No data, so no event: only the place to come back to.
                try await writer.write(ByteBuffer(string: "id: \(batch.end)\n\n"))
                written = .now
            }
            if batch.lines.isEmpty, !journal.status.isOpen { return }
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

    /// Until there is a line, the client may no longer read, or it is time for a sign of life.
    private func wait(after position: LogPosition) async {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await journal.waitForLines(after: position) }
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
