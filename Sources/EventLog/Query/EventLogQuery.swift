public import Events
import JSON

/// Selects lines by time and condition.
public struct EventLogQuery: Sendable, Equatable {
    /// Lower bound of `ts`, inclusive; nil: no bound.
    public var since: Timestamp?
    /// Upper bound of `ts`, exclusive; nil: no bound.
    public var until: Timestamp?
    public var condition: Filter

    public init(
        since: Timestamp? = nil, until: Timestamp? = nil, where condition: Filter = .all
    ) {
        self.since = since
        self.until = until
        self.condition = condition
    }

    /// Matches every line.
    public static let all = EventLogQuery()

    /// What decides whether a line matches, as text: names the query for `QueryGuard`. Without the
    /// times, which differ from one request of a client to the next.
    var guardName: String { condition.description }

    /// Whether every `ts` in the given range is within the bounds; milliseconds.
    func covers(earliest: Int64, latest: Int64) -> Bool {
        if let since, earliest < since.milliseconds { return false }
        if let until, latest >= until.milliseconds { return false }
        return true
    }

    /// Whether any `ts` in the given range may be within the bounds; milliseconds.
    func touches(earliest: Int64, latest: Int64) -> Bool {
        if let since, latest < since.milliseconds { return false }
        if let until, earliest >= until.milliseconds { return false }
        return true
    }

    /// Whether a line matches.
    public func matches(_ line: UnsafeRawBufferPointer) -> Bool {
        if since != nil || until != nil {
            guard let ts = (try? ScannedLine(line, from: .log))?.ts else { return false }
            if let since, ts < since { return false }
            if let until, ts >= until { return false }
        }
        return condition.matches(line)
    }

    /// As `matches(_:)`, for a line that the log holds and that is already validated.
    func matches(stored line: UnsafeRawBufferPointer) -> Bool {
        if since != nil || until != nil {
            guard let ts = Self.moment(of: line) else { return false }
            if let since, ts < since { return false }
            if let until, ts >= until { return false }
        }
        return condition.matches(stored: line)
    }

    private static let ts = Array("ts".utf8)

    private static func moment(of line: UnsafeRawBufferPointer) -> Timestamp? {
        LineMember.first(ts, in: line)?.moment(in: line)
    }
}

extension JSONScanner.Slice {
    /// The time of a string in RFC 3339; nil for any other value.
    func moment(in line: UnsafeRawBufferPointer) -> Timestamp? {
        if kind == .string, let plain = plain(in: line), let moment = Timestamp(utc: plain) {
            return moment
        }
        return text(in: line).flatMap { Timestamp(rfc3339: $0) }
    }
}

/// The number of matching lines for each value of a field.
///
/// A line with several values, such as `deltas.metric`, counts for each of them, once.
public struct EventLogCounts: Sendable, Equatable {
    public struct Row: Sendable, Equatable {
        /// The field's text; nil for lines where it is missing or `null`.
        public let value: String?
        public let count: Int
    }

    /// Sorted by descending count, then by value.
    public let rows: [Row]
    /// Number of matching lines.
    public let total: Int
    /// Lines that can no longer be read; estimated where only their bytes are known.
    public let skipped: Int
    /// Number of archive members, and how many of them were decompressed. The others were counted
    /// or excluded by the index.
    public let members: Int
    public let inflated: Int
}
