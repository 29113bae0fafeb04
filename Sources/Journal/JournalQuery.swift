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

    var span: LineSource.Span {
        var span = LineSource.Span()
        if let since { span.earliest = since.milliseconds }
        if let until { span.latest = until.milliseconds - 1 }
        return span
    }

    /// Whether a line of the log is wanted.
    public func matches(_ line: UnsafeRawBufferPointer) -> Bool {
        if since != nil || until != nil {
            guard let ts = (try? ScannedLine(line))?.ts else { return false }
            if let since, ts < since { return false }
            if let until, ts >= until { return false }
        }
        return condition.matches(line)
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
    /// Lines that can't be read any more.
    public let skipped: Int
}

extension LineSource {
    /// Counts all acknowledged lines from the position on.
    mutating func count(
        by field: String, _ query: JournalQuery
    ) throws(JournalError) -> JournalCounts {
        let path = field.split(separator: ".").map(String.init)[...]
        var counts: [String?: Int] = [:]
        var total = 0
        try read(span: query.span) { line, _ in
            guard query.matches(line) else { return .more }
            total += 1
            counts[Self.value(of: path, in: line), default: 0] += 1
            return .more
        }
        let rows = counts.map { JournalCounts.Row(value: $0.key, count: $0.value) }
            .sorted { ($1.count, $0.value ?? "") < ($0.count, $1.value ?? "") }
        return JournalCounts(rows: rows, total: total, skipped: skipped)
    }

    private static func value(
        of path: ArraySlice<String>, in line: UnsafeRawBufferPointer
    ) -> String? {
        guard let root = try? JSONScanner.validate(line, limits: .event) else { return nil }
        var found: String?
        Path.visit(path, of: root, in: line) { value in
            if found == nil, value.kind != .null {
                found = value.text(in: line) ?? value.raw(in: line)
            }
        }
        return found
    }
}
