import Core
import Events
import Transfer

extension RemoteNode {
    /// One page of `GET /v1/events`.
    public struct EventPage: Sendable {
        /// The stored lines without their newlines.
        public let lines: [[UInt8]]
        /// The position of the next page; nil if the node did not send it.
        public let next: LogPosition?
        /// Whether the page ends with the last line of the node's log.
        public let isCaughtUp: Bool
        /// The number of lines before the end of the page that can no longer be read.
        public let skipped: Int
    }

    /// Fetches matching lines, oldest first: the last `limit`, or the first after `after`.
    ///
    /// The node limits a page in bytes; the rest is read from `next` on. `parameters` are those
    /// of the endpoint: `since`, `until`, `where`.
    public func events(
        _ parameters: [(name: String, value: String)], limit: Int, after: LogPosition? = nil
    ) async throws(Fault) -> EventPage {
        var items = parameters + [("limit", "\(limit)")]
        if let after { items.append(("after", "\(after)")) }
        let reply = try await reply(
            "GET", "/v1/events?" + Self.query(items), [], within: Self.wholeLog)
        return EventPage(
            lines: reply.body.split(separator: UInt8(ascii: "\n")).map(Array.init),
            next: reply.header("Bellwether-Next").flatMap { LogPosition($0) },
            isCaughtUp: reply.header("Bellwether-Caught-Up") != "false",
            skipped: reply.header("Bellwether-Skipped").flatMap { Int64($0) }.map {
                Count(clamping: $0).value
            }
                ?? 0)
    }

    /// The items as a query, percent-encoded.
    public static func query(_ items: [(name: String, value: String)]) -> String {
        items.map { "\($0.name)=\(encoded($0.value))" }.joined(separator: "&")
    }

    /// A text as one segment of a path or one value of a query, percent-encoded.
    public static func encoded(_ value: String) -> String {
        PercentCoding.encode(value, keeping: "")
    }
}
