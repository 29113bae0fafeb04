public import Events
import JSONScan

/// Which lines are wanted.
public struct JournalQuery: Sendable, Equatable {
    /// Lines whose `ts` is at or after it; nil: no bound.
    public var since: Timestamp?
    /// Lines whose `ts` is before it; nil: no bound.
    public var until: Timestamp?
    public var condition: Expression

    public init(
        since: Timestamp? = nil, until: Timestamp? = nil, where condition: Expression = .all
    ) {
        self.since = since
        self.until = until
        self.condition = condition
    }

    /// Every line.
    public static let all = JournalQuery()

    /// Whether it says nothing of when a line is from, or all of these times fit.
    func covers(earliest: Int64, latest: Int64) -> Bool {
        if let since, earliest < since.milliseconds { return false }
        if let until, latest >= until.milliseconds { return false }
        return true
    }

    /// Whether a line from that span of time may be wanted.
    func touches(earliest: Int64, latest: Int64) -> Bool {
        if let since, latest < since.milliseconds { return false }
        if let until, earliest >= until.milliseconds { return false }
        return true
    }

    /// Whether a line of the log is wanted.
    public func matches(_ line: UnsafeRawBufferPointer) -> Bool {
        if since != nil || until != nil {
            guard let ts = (try? ScannedLine(line, from: .log))?.ts else { return false }
            if let since, ts < since { return false }
            if let until, ts >= until { return false }
        }
        return condition.matches(line)
    }

    /// The same of a line that the log holds.
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
        guard let value = LineMember.first(ts, in: line) else { return nil }
        if value.kind == .string, !value.escaped {
            let text = UnsafeRawBufferPointer(rebasing: line[value.range.dropFirst().dropLast()])
            if let moment = Timestamp(utc: text) { return moment }
        }
        return value.text(in: line).flatMap { Timestamp(rfc3339: $0) }
    }
}

/// How many lines of a query have each value of a field.
public struct JournalCounts: Sendable, Equatable {
    public struct Row: Sendable, Equatable {
        /// The field's text; nil for lines that don't have it or have `null`.
        public let value: String?
        public let count: Int
    }

    /// The most frequent first, equal counts by value.
    public let rows: [Row]
    /// Lines that matched.
    public let total: Int
    /// Lines that can't be read any more, estimated where only their bytes are known.
    public let skipped: Int
    /// How many members of archives there were, and how many had to be inflated:
    /// the others were told by their index.
    public let members: Int
    public let inflated: Int
}
