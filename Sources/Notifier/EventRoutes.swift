import Events
import HTTPTypes
import HummingbirdCore
public import EventLog
import NIOCore
public import Server

/// `GET /v1/events`: the stored lines, oldest first (scope `read`).
public enum EventRoutes {
    static let defaultLimit = 1000
    static let largestLimit = 100_000
    /// Bytes of one answer, which ends with the line that reaches them. The rest is read from
    /// `Bellwether-Next` on.
    static let pageBytes = 2 << 20

    public static func routes(_ eventLog: EventLog) -> [Route] {
        [
            Route(.get, "/v1/events", access: .requires(.read)) { exchange in
                var wanted = try EventQuery(exchange.queryItems())
                // A browser's EventSource sends it when it reconnects.
                if wanted.follow, let name = HTTPField.Name("Last-Event-ID"),
                    let last = exchange.head.headerFields[name]
                {
                    wanted.after = try EventQuery.place(last, field: "Last-Event-ID")
                }
                if wanted.follow {
                    try exchange.beginStream(memory: EventFollow.memory)
                    return EventFollow(
                        eventLog: eventLog, query: wanted.query,
                        from: wanted.after ?? eventLog.head, while: exchange.stillHolds
                    ).response
                }
                let place = try exchange.beginQuery(memory: QueryPlace.logMemory)
                defer { place.end() }
                return try await page(eventLog, wanted)
            }
        ]
    }

    private static func page(_ eventLog: EventLog, _ wanted: EventQuery) async throws -> Response {
        let batch: EventLogBatch
        let log = eventLog.reaching(wanted.query, from: wanted.after)
        if let after = wanted.after {
            var reader = log.reader(from: after, query: wanted.query)
            batch = try await Problem.reading { () async throws(EventLogError) in
                try await reader.next(maxLines: wanted.limit, maxBytes: pageBytes)
            }
        } else {
            batch = try await Problem.reading { () async throws(EventLogError) in
                try await log.last(wanted.limit, query: wanted.query, maxBytes: pageBytes)
            }
        }
        var body = ByteBuffer()
        body.reserveCapacity(batch.lines.reduce(0) { $0 + $1.bytes.count + 1 })
        for line in batch.lines {
            body.writeBytes(line.bytes)
            body.writeInteger(UInt8(ascii: "\n"))
        }
        var headers: HTTPFields = [
            .contentType: "application/x-ndjson", .cacheControl: "no-store",
        ]
        // The value of `after=` for the next request.
        if let name = HTTPField.Name("Bellwether-Next") { headers[name] = "\(batch.end)" }
        if let name = HTTPField.Name("Bellwether-Caught-Up") {
            headers[name] = "\(batch.isCaughtUp)"
        }
        if batch.skipped > 0, let name = HTTPField.Name("Bellwether-Skipped") {
            headers[name] = "\(batch.skipped)"
        }
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody(byteBuffer: body))
    }
}
