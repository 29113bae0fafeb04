import Events
import Hummingbird
public import Journal
import NIOCore
public import Serving

/// `GET /v1/events`: the stored lines, oldest first, for whoever has the scope `read`.
public enum EventRoutes {
    static let defaultLimit = 1000
    static let largestLimit = 100_000

    public static func routes(_ journal: Journal) -> [Route] {
        [
            Route(.get, "/v1/events", access: .requires(.read)) { exchange in
                let wanted = try EventQuery(exchange.queryItems())
                if wanted.follow { return follow(journal, wanted.query) }
                return try await page(journal, wanted)
            }
        ]
    }

    private static func page(_ journal: Journal, _ wanted: EventQuery) async throws -> Response {
        let lines = try await journal.last(wanted.limit, query: wanted.query).lines
        var body = ByteBuffer()
        for line in lines {
            body.writeBytes(line.bytes)
            body.writeInteger(UInt8(ascii: "\n"))
        }
        return Response(
            status: .ok,
            headers: [.contentType: "application/x-ndjson", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: body))
    }

    /// Server-sent events from the log's head on. A reader that is slow makes
    /// the log be read slowly; no line waits in memory for it.
    private static func follow(_ journal: Journal, _ query: JournalQuery) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: ResponseBody { writer in
                var position = journal.head
                var reader = journal.reader(from: position, query: query)
                try await writer.write(ByteBuffer(string: ": following\n\n"))
                while !Task.isCancelled {
                    await journal.waitForLines(after: position)
                    let batch = try await reader.next(maxLines: 200)
                    for line in batch.lines {
                        var message = ByteBuffer(string: "id: \(line.end)\ndata: ")
                        message.writeBytes(line.bytes)
                        message.writeString("\n\n")
                        try await writer.write(message)
                    }
                    position = batch.end
                }
                try await writer.finish(nil)
            })
    }
}
